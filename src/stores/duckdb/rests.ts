/**
 * Rests of the thread that writes. A batch keeps a core busy for tens of milliseconds; where there are two, what is acknowledged
 * meanwhile shares the other one with the clients and the disk, and messages pile up. Half a millisecond of work and as much
 * rest leave room for them. A delivery that is far behind, and one large batch follows the other, has no rests.
 */

/** Of payload. The delivery's largest batch is a little larger, so one of this size is followed by the next at once. */
const largeBytes = 4 * 1024 * 1024;
/**
 * Large batches that are still written with rests: that much comes in while the log is brought into the file, and to
 * make up for it without rests made acknowledgements late once more.
 */
const patience = 4;
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

  constructor(areDue: boolean) {
    this.areDue = areDue;
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

/** Says of each batch whether there is time for rests. */
export class Haste {
  /** Large batches, less two for each smaller one: of a backlog, too, the end of each segment is a small one. */
  #large = 0;

  /** @param payloadBytes of the batch that comes next */
  restsFor(payloadBytes: number): Rests {
    const large = this.#large + (payloadBytes < largeBytes ? -2 : 1);
    this.#large = Math.min(Math.max(large, 0), 2 * patience);
    return new Rests(this.#large <= patience);
  }
}
