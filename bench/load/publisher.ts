/** Posts readings that are as old as the post: flat out, as fast as they reach their readers, or at a pace. */
import { setTimeout as pause } from 'node:timers/promises';
import { deviceCount, markedReading } from '../shape.js';

const lookEveryMs = 1;
/** A post of a pace goes out about so often. */
const paceEveryMs = 20;

export class Publisher {
  readonly #url: URL;
  #sent = 0;

  constructor(url: string) {
    this.#url = new URL('/v1/readings', url);
  }

  /** Readings so far. */
  get sent(): number {
    return this.#sent;
  }

  async post(count: number): Promise<void> {
    const now = Date.now();
    const readings = Array.from({ length: count }, () => markedReading(this.#sent % deviceCount, this.#sent++, now));
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `[${readings.join(',')}]`,
    });
    if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  }

  /**
   * Keeps so many readings under way until the signal says stop.
   * @param received how many of them have reached all readers
   */
  async flatOut(batch: number, underWay: number, received: () => number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#sent - received() + batch > underWay) await pause(lookEveryMs);
      else await this.post(batch);
    }
  }

  /** Posts so many a second, whatever becomes of them. */
  async atPace(perSecond: number, signal: AbortSignal): Promise<void> {
    const startedMs = performance.now();
    const before = this.#sent;
    const under: Promise<void>[] = [];
    while (!signal.aborted) {
      const due = Math.floor(((performance.now() - startedMs) / 1000) * perSecond) - (this.#sent - before);
      if (due > 0) under.push(this.post(due));
      await pause(paceEveryMs);
    }
    await Promise.all(under);
  }
}
