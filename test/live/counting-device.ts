import { setTimeout as pause } from 'node:timers/promises';
import type { InletProcess } from '../servers/inlet.js';

const betweenMs = 10;

/**
 * A device that counts: it sends one reading after another, and goes on with the next one where it gets no answer, since
 * what is sent again shows again. So whoever follows it has to see every acknowledged number once, in order.
 */
export class CountingDevice {
  readonly #service: InletProcess;
  readonly name: string;
  readonly acked = new Set<number>();
  #sent = 0;
  #isEnding = false;
  #running = Promise.resolve();

  constructor(service: InletProcess, name: string) {
    this.#service = service;
    this.name = name;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    await this.#running;
  }

  isShownWhole(shown: readonly number[]): boolean {
    const seen = new Set(shown);
    return [...this.acked].every((n) => seen.has(n));
  }

  /** @returns what is wrong with what was shown of it, in the order in which it was shown */
  wrongIn(shown: readonly number[]): string[] {
    const missing = [...this.acked].filter((n) => !shown.includes(n));
    const odd = shown.filter((n, at) => n > this.#sent || (at > 0 && n <= shown[at - 1]!));
    return [
      ...missing.map((n) => `${this.name}: ${n} is missing`),
      ...odd.map((n) => `${this.name}: ${n} comes twice, too late or from nowhere`),
    ];
  }

  async #run(): Promise<void> {
    while (!this.#isEnding) {
      const n = ++this.#sent;
      const wasAcked = await this.#service.send({ device: this.name, type: 'count', fields: { n } }).then(
        () => true,
        () => false,
      );
      if (wasAcked) this.acked.add(n);
      await pause(betweenMs);
    }
  }
}
