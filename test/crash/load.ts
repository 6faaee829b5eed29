/** Devices over HTTP and over streams, until the service dies or they are told to end. What was not acknowledged goes again. */
import { setTimeout as pause } from 'node:timers/promises';
import type { BatchLedger } from './batch-ledger.js';
import type { Oracle, ProofBatch } from './oracle.js';
import { StreamDevice } from './stream-device.js';

export interface LoadOptions {
  httpDevices: number;
  streamDevices: number;
  /** Between two batches of one device. */
  restMs: number;
}

export class Load implements BatchLedger {
  readonly #oracle: Oracle;
  readonly #options: LoadOptions;
  readonly #again: ProofBatch[] = [];
  #running: Promise<void>[] = [];
  #streams: StreamDevice[] = [];
  #isEnding = false;
  /** Batches that were sent and have no answer, and when that was. */
  readonly #open = new Map<ProofBatch, bigint>();
  /** When those were sent whose connection broke before the answer. */
  #broken: bigint[] = [];
  /** Answers that were refusals, by code. */
  readonly refusals = new Map<string, number>();
  readonly problems: string[] = [];
  ackedBatches = 0;
  /** The shortest time from sending a batch to its acknowledgement. */
  fastestAckMs = Infinity;

  constructor(oracle: Oracle, options: LoadOptions) {
    this.#oracle = oracle;
    this.#options = options;
  }

  /** Refusals by code, for people. */
  get refusedCodes(): string {
    return [...this.refusals].map(([code, count]) => `${code} ${count}`).join(', ');
  }

  begin(url: string): void {
    this.#isEnding = false;
    this.#broken = [];
    const { httpDevices, streamDevices } = this.#options;
    this.#streams = Array.from({ length: streamDevices }, () => new StreamDevice(url, this));
    this.#running = [
      ...Array.from({ length: httpDevices }, () => this.#post(url)),
      ...this.#streams.map((stream) => stream.run()),
    ];
  }

  /**
   * Nothing new is sent.
   * @returns when each batch was sent that never got an answer, by the monotonic clock, which all processes share
   */
  async end(): Promise<bigint[]> {
    this.#isEnding = true;
    for (const stream of this.#streams) stream.end();
    await Promise.all(this.#running);
    return this.#broken;
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  get restMs(): number {
    return this.#options.restMs;
  }

  take(): ProofBatch {
    const batch = this.#again.shift() ?? this.#oracle.nextBatch();
    this.#open.set(batch, process.hrtime.bigint());
    return batch;
  }

  acked(batch: ProofBatch): void {
    const ms = Number(process.hrtime.bigint() - this.#open.get(batch)!) / 1e6;
    this.fastestAckMs = Math.min(this.fastestAckMs, ms);
    this.#open.delete(batch);
    this.ackedBatches++;
    this.#oracle.acked(batch);
  }

  refused(batch: ProofBatch, code: string): void {
    this.#open.delete(batch);
    this.#again.push(batch);
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
  }

  broke(batches: ProofBatch[]): void {
    for (const batch of batches) {
      this.#broken.push(this.#open.get(batch)!);
      this.#open.delete(batch);
    }
    this.#again.push(...batches);
  }

  async #post(url: string): Promise<void> {
    while (!this.#isEnding) {
      const batch = this.take();
      const body = JSON.stringify(batch.readings);
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${url}/v1/readings`, { method: 'POST', headers, body }).catch(() => undefined);
      if (!answer) return this.broke([batch]);
      // The status is the acknowledgement, also where the receipt behind it does not arrive any more.
      if (answer.status === 202) this.acked(batch);
      const text = await answer.text().catch(() => '');
      if (answer.status === 503) {
        this.refused(batch, (JSON.parse(text || '{"code":"cut"}') as { code: string }).code);
        await pause(50);
      } else if (answer.status !== 202) this.problems.push(`${answer.status} ${text}`);
      if (this.restMs > 0) await pause(this.restMs);
    }
  }
}
