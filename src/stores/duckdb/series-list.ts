import { compareByCodePoint } from '../../domain/code-point-order.js';
import { fromNanoseconds } from '../../domain/timestamp.js';
import type { Table } from './layout.js';

/**
 * Times between which the main table has nothing of a series, both ends excluded: what was skipped when fresh readings
 * were written ahead of a backlog. The backlog's own are then not late, although newer ones are there.
 */
interface Gap {
  /** Where what was written ahead begins, as a position. */
  readonly aheadFrom: number;
  ms: number;
  ns: number;
  readonly endMs: number;
  readonly endNs: number;
}

/** One series, and the time of its newest reading in two parts (domain/timestamp.ts). */
export class Series {
  readonly id: number;
  readonly prefix: string;
  readonly table: Table;
  /** The series that came behind this one last time. */
  successor: Series | undefined;
  #newestMs = -1;
  #newestNs = 0;
  /** In the order of time; mostly there are none. */
  #gaps: Gap[] | undefined;

  constructor(id: number, prefix: string, table: Table) {
    this.id = id;
    this.prefix = prefix;
    this.table = table;
  }

  /** Whether this time is newer than all before; then it is the newest from now on. */
  advance(ms: number, ns: number): boolean {
    if (ms < this.#newestMs || (ms === this.#newestMs && ns <= this.#newestNs)) return false;
    this.#newestMs = ms;
    this.#newestNs = ns;
    return true;
  }

  /** The same for a reading that is written ahead of others, in a stretch that begins at the position `aheadFrom`. */
  advanceAhead(ms: number, ns: number, aheadFrom: number): boolean {
    const before = { ms: this.#newestMs, ns: this.#newestNs };
    if (!this.advance(ms, ns)) return false;
    if (this.#gaps?.at(-1)?.aheadFrom === aheadFrom) return true;
    (this.#gaps ??= []).push({ aheadFrom, ...before, endMs: ms, endNs: ns });
    return true;
  }

  /** Whether this time lies in a gap, which then begins behind it. */
  fill(ms: number, ns: number): boolean {
    const gap = this.#gaps?.findLast((one) => ms > one.ms || (ms === one.ms && ns > one.ns));
    if (!gap || ms > gap.endMs || (ms === gap.endMs && ns >= gap.endNs)) return false;
    gap.ms = ms;
    gap.ns = ns;
    return true;
  }

  /** As a file says it that was closed meanwhile, in nanoseconds; `from` is null when nothing is before it. */
  openGap(aheadFrom: number, from: bigint | null, to: bigint): void {
    const start = from === null ? { ms: -1, ns: 0 } : fromNanoseconds(from);
    const end = fromNanoseconds(to);
    const last = this.#gaps?.at(-1);
    if (last && (start.ms < last.endMs || (start.ms === last.endMs && start.ns < last.endNs))) return;
    if (start.ms > end.ms || (start.ms === end.ms && start.ns >= end.ns)) return;
    (this.#gaps ??= []).push({ aheadFrom, ...start, endMs: end.ms, endNs: end.ns });
  }

  closeGaps(): void {
    this.#gaps = undefined;
  }

  advanceTo(ts: bigint): void {
    const { ms, ns } = fromNanoseconds(ts);
    this.advance(ms, ns);
  }

  get device(): string {
    const from = this.table.type.length + ',device='.length;
    const end = this.prefix.indexOf(',', from);
    return end < 0 ? this.prefix.slice(from) : this.prefix.slice(from, end);
  }
}

/** All series of the file, by prefix and by id, and in the order of their prefixes. */
export class SeriesList {
  readonly #byPrefix = new Map<string, Series>();
  #lastFound: Series | undefined;
  readonly #byId: (Series | undefined)[] = [];
  #sorted: Series[] = [];
  #isSorted = true;
  /** How often series were removed: who has held some since cannot rely on them. */
  removals = 0;
  /** Series that the database does not have yet. */
  #added: Series[] = [];

  /** A fleet reports in much the same order again and again: comparing with a guess first saves a seventh of a write. */
  get(prefix: string): Series | undefined {
    const guess = this.#lastFound?.successor;
    const found = guess?.prefix === prefix ? guess : this.#byPrefix.get(prefix);
    if (this.#lastFound && found !== guess) this.#lastFound.successor = found;
    this.#lastFound = found;
    return found;
  }

  byId(id: number): Series | undefined {
    return this.#byId[id];
  }

  add(id: number, prefix: string, table: Table): Series {
    const series = new Series(id, prefix, table);
    this.#byPrefix.set(prefix, series);
    this.#byId[id] = series;
    this.#sorted.push(series);
    this.#isSorted = false;
    this.#added.push(series);
    return series;
  }

  /** A series of the same prefix gets another id when it comes again, as a query may still hold this one. */
  remove(removed: ReadonlySet<Series>): void {
    this.removals++;
    for (const series of removed) {
      this.#byPrefix.delete(series.prefix);
      this.#byId[series.id] = undefined;
    }
    this.#sorted = this.#sorted.filter((series) => !removed.has(series));
    for (const series of this.#sorted)
      if (series.successor && removed.has(series.successor)) series.successor = undefined;
    this.#lastFound = undefined;
  }

  /** Nothing is written ahead any more. */
  closeGaps(): void {
    for (const series of this.#sorted) series.closeGaps();
  }

  /** What was added since the last call. */
  takeAdded(): Series[] {
    const added = this.#added;
    this.#added = [];
    return added;
  }

  /** By prefix, by code point. Sorting again after a few new ones costs about one pass. */
  inOrder(): readonly Series[] {
    if (!this.#isSorted) {
      this.#sorted = [...this.#sorted].sort((a, b) => compareByCodePoint(a.prefix, b.prefix));
      this.#isSorted = true;
    }
    return this.#sorted;
  }
}
