/** How long the answers took, counted by the thread that loads and read by the one that measures. */

/** What two times may differ in and still be counted as one. */
const stepMs = 0.01;
/** Whatever takes longer counts as this long. */
const longestMs = 5_000;
const steps = longestMs / stepMs;

export class Latencies {
  readonly shared: SharedArrayBuffer;
  /** Answers by time, in steps. One thread writes it. */
  readonly #counts: Uint32Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(steps * Uint32Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#counts = new Uint32Array(shared);
  }

  add(milliseconds: number, answers: number): void {
    this.#counts[Math.min(Math.floor(milliseconds / stepMs), steps - 1)]! += answers;
  }

  /** What is counted so far, for `since`. */
  counts(): Uint32Array {
    return this.#counts.slice();
  }

  /** @returns milliseconds in which each of these shares of the answers since then was there */
  since(before: Uint32Array, shares: readonly number[]): number[] {
    const counts = this.#counts.map((count, step) => count - before[step]!);
    const answers = counts.reduce((sum, count) => sum + count, 0);
    if (answers === 0) throw new Error('nothing was answered');
    return shares.map((share) => {
      let step = 0;
      for (let seen = counts[0]!; seen < share * answers; seen += counts[step]!) step++;
      return (step + 1) * stepMs;
    });
  }
}
