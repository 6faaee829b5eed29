/** Readings that cannot be read any more, as ranges of positions that do not overlap. */

export interface Hole {
  /** First position that cannot be read, and the first behind it that can. */
  from: number;
  to: number;
  /** Bytes of its records that were counted before they were found damaged. */
  bytes: number;
}

export class Damage {
  readonly #holes: Hole[] = [];
  /** Holes that the delivery has not passed yet. */
  #ahead: Hole[] = [];

  get readings(): number {
    return this.#holes.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** Two readers may meet the same hole, one of them only the end of it. @returns whether it is a new one */
  add(hole: Hole): boolean {
    if (hole.to <= hole.from || this.#holes.some(({ from, to }) => hole.from < to && hole.to > from)) return false;
    this.#holes.push(hole);
    this.#ahead.push(hole);
    return true;
  }

  /** The holes that end at or before `low` and were not taken before. */
  takePassed(low: number): Hole[] {
    const passed = this.#ahead.filter(({ to }) => to <= low);
    if (passed.length > 0) this.#ahead = this.#ahead.filter(({ to }) => to > low);
    return passed;
  }
}
