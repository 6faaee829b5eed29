/** How many readings were acknowledged, or came: written by the thread that loads and read by the one that measures. */
import { setTimeout as pause } from 'node:timers/promises';

const lookEveryMs = 20;
/** A server that does nothing for so long is broken. */
const patienceMs = 30_000;

export class Counter {
  readonly shared: SharedArrayBuffer;
  readonly #count: BigInt64Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#count = new BigInt64Array(shared);
  }

  get value(): number {
    return Number(Atomics.load(this.#count, 0));
  }

  add(readings: number): void {
    Atomics.add(this.#count, 0, BigInt(readings));
  }

  /** Ends after so long, and not before it has risen: a busy machine may get nothing done in a short time. */
  async rises(milliseconds: number): Promise<void> {
    const before = this.value;
    await pause(milliseconds);
    for (const deadline = performance.now() + patienceMs; this.value === before; await pause(lookEveryMs)) {
      if (performance.now() > deadline) throw new Error(`nothing came in ${patienceMs / 1000} s`);
    }
  }
}
