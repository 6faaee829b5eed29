/**
 * Rests of the thread that writes. A batch keeps a core busy for tens of milliseconds; where there are two, what is acknowledged
 * meanwhile shares the other one with the clients and the disk, and messages pile up. Half a millisecond of work and as much
 * rest leave room for them. A delivery that is behind makes large batches, and has no rests.
 */

/** Of payload. The delivery's largest batch is a little larger, so one of this size is followed by the next at once. */
const hurryBytes = 4 * 1024 * 1024;
const workMs = 0.5;
const restMs = 0.5;
/** Looking at the clock for each row would be work, too. */
const rowsBetweenLooks = 64;

/** Never woken: to wait for it is how a thread sleeps. */
const nothing = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread. */
export function sleep(milliseconds: number): void {
  Atomics.wait(nothing, 0, 0, milliseconds);
}

export class Rests {
  /** Whether there is time for them. */
  readonly areDue: boolean;
  #rows = 0;
  #workedFromMs = performance.now();

  /** @param payloadBytes of the batch that is worked on */
  constructor(payloadBytes: number) {
    this.areDue = payloadBytes < hurryBytes;
  }

  /** To be called where work on so many rows is done; blocks for the time of a rest when one is due. */
  after(rows: number): void {
    if (!this.areDue) return;
    this.#rows += rows;
    if (this.#rows < rowsBetweenLooks) return;
    this.#rows = 0;
    if (performance.now() - this.#workedFromMs < workMs) return;
    sleep(restMs);
    this.#workedFromMs = performance.now();
  }
}
