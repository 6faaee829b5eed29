/**
 * Rests of work that may take a little longer, an export's. Acknowledgements come from the same event loop, and each piece of
 * such work makes them wait for as long as it takes: while others have something to do, they get most of the time.
 */
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';

/** A turn of the loop that took longer had something to do. */
const idleTurnMs = 0.2;
/** Ten times as long as a piece takes: others lose less than a tenth of the loop, and are late by one piece at most. */
const restMs = 5;
/** Who had more of the loop meanwhile is likely to want it again. */
const busyShare = 0.1;

export class Leisure {
  #isBusy = false;

  /** After a piece of work. Where nobody else has anything to do, it ends at once. */
  async rest(): Promise<void> {
    // In which the piece itself is sent.
    await nextTurn();
    const turnedMs = performance.now();
    await nextTurn();
    if (performance.now() - turnedMs > idleTurnMs) this.#isBusy = true;
    if (!this.#isBusy) return;
    const before = performance.eventLoopUtilization();
    await pause(restMs);
    this.#isBusy = performance.eventLoopUtilization(before).utilization > busyShare;
  }
}
