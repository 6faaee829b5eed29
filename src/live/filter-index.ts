/**
 * Finds the audiences of a series. Those that name their devices one by one are found by the device's name, so 5,000 of
 * one device each cost a reading its own only; those that take everything are listed as they are. The others are asked once for
 * each series, and what they said is remembered with the series: one that comes later is asked then, one that left is left out.
 */
import type { CompiledFilter } from './filter.js';
import type { LiveSeries } from './series.js';

/** Answers that are remembered, over all series; with one more all are forgotten. */
const maxRemembered = 2_000_000;

/** Subscriptions with one filter, of whatever kind. */
export interface Indexed {
  readonly filter: CompiledFilter;
  /** Given by the index that it is in; 0 for one that is in none. */
  serial: number;
}

/** Audiences in the order in which they came. */
class AudienceList<Audience extends Indexed> {
  readonly audiences: Audience[] = [];
  departures = 0;

  remove(audience: Audience): void {
    this.audiences.splice(this.audiences.indexOf(audience), 1);
    this.departures++;
  }
}

/** Those of a list that a series has, as of some moment. */
class Found<Audience extends Indexed> {
  audiences: Audience[] = [];
  readonly #list: AudienceList<Audience>;
  #departures = 0;
  #lastSerial = 0;

  constructor(list: AudienceList<Audience>) {
    this.#list = list;
  }

  isOf(list: AudienceList<Audience> | undefined): boolean {
    return this.#list === list;
  }

  /** @returns how many were found that were not known before */
  refresh(series: LiveSeries): number {
    const { audiences, departures } = this.#list;
    if (this.#departures !== departures) {
      this.#departures = departures;
      this.audiences = this.audiences.filter((audience) => audience.serial > 0);
    }
    const newest = audiences.at(-1)?.serial ?? 0;
    if (newest <= this.#lastSerial) return 0;
    let at = audiences.length;
    while (at > 0 && audiences[at - 1]!.serial > this.#lastSerial) at--;
    this.#lastSerial = newest;
    const added = audiences.slice(at).filter((audience) => audience.filter.matches(series));
    if (added.length > 0) this.audiences.push(...added);
    return added.length;
  }
}

/** What is remembered of a series. */
interface Matches<Audience extends Indexed> {
  named: Found<Audience> | undefined;
  others: Found<Audience>;
}

export class FilterIndex<Audience extends Indexed> {
  readonly #byDevice = new Map<string, AudienceList<Audience>>();
  readonly #others = new AudienceList<Audience>();
  readonly #everything = new AudienceList<Audience>();
  #lastSerial = 0;
  #remembered = 0;
  #matches = new WeakMap<LiveSeries, Matches<Audience>>();

  add(audience: Audience): void {
    audience.serial = ++this.#lastSerial;
    for (const list of this.#listsOf(audience, true)) list.audiences.push(audience);
  }

  remove(audience: Audience): void {
    for (const list of this.#listsOf(audience, false)) list.remove(audience);
    for (const device of audience.filter.exactDevices ?? [])
      if (this.#byDevice.get(device)?.audiences.length === 0) this.#byDevice.delete(device);
    audience.serial = 0;
  }

  /** Those that every series has. */
  get everything(): readonly Audience[] {
    return this.#everything.audiences;
  }

  /** Those that the series has beside them; good until one is added or removed. */
  matchesOf(series: LiveSeries): Readonly<Matches<Audience>> {
    if (this.#remembered > maxRemembered) {
      this.#remembered = 0;
      this.#matches = new WeakMap();
    }
    let matches = this.#matches.get(series);
    if (!matches) this.#matches.set(series, (matches = { named: undefined, others: new Found(this.#others) }));
    const named = this.#byDevice.get(series.device);
    if (!named) matches.named = undefined;
    else if (!matches.named?.isOf(named)) matches.named = new Found(named);
    this.#remembered += (matches.named?.refresh(series) ?? 0) + matches.others.refresh(series);
    return matches;
  }

  *#listsOf({ filter }: Audience, make: boolean): Iterable<AudienceList<Audience>> {
    if (filter.takesAll) yield this.#everything;
    else if (!filter.exactDevices) yield this.#others;
    else {
      for (const device of filter.exactDevices) {
        let list = this.#byDevice.get(device);
        if (!list && make) this.#byDevice.set(device, (list = new AudienceList<Audience>()));
        if (list) yield list;
      }
    }
  }
}
