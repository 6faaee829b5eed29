/** The points of one line, ascending in time. Taking a point twice changes nothing, so live and history may overlap. */
export class Points {
  readonly times: number[] = [];
  readonly values: number[] = [];

  get length(): number {
    return this.times.length;
  }

  take(ts: number, value: number): void {
    const place = this.#placeOf(ts);
    const replaced = this.times[place] === ts ? 1 : 0;
    this.times.splice(place, replaced, ts);
    this.values.splice(place, replaced, value);
  }

  dropBefore(ts: number): void {
    const place = this.#placeOf(ts);
    this.times.splice(0, place);
    this.values.splice(0, place);
  }

  /** The first place whose time is not before `ts`; most points come in order, so the end is tried first. */
  #placeOf(ts: number): number {
    const { times } = this;
    let high = times.length;
    if (high === 0 || (times[high - 1] ?? 0) < ts) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((times[middle] ?? 0) < ts) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
