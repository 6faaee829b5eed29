/**
 * Memory that the lines of a turn are written in, for the turns to come. With fresh memory for each, what malloc holds had
 * grown from 5 to 40 MiB after 10 million readings in batches of 1,000; with this it grows to 20.
 */

/** What a few batches take; it grows with them. */
const firstBytes = 64 * 1024;
/** More than this is given, but not kept: a turn is ended at a fourth of it, and only a single batch is longer. */
const mostKeptBytes = 4 * 1024 * 1024;
/** One that is being written, and those that wait to be durable. */
const mostSpare = 4;

export class LineMemory {
  readonly #spare: Buffer[] = [];

  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(firstBytes);
  }

  /** @param memory that nobody looks at any more */
  giveBack(memory: Buffer): void {
    if (memory.length <= mostKeptBytes && this.#spare.length < mostSpare) this.#spare.push(memory);
  }
}
