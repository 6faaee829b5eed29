import { compareByCodePoint } from '../../domain/code-point-order.js';
import { fromNanoseconds } from '../../domain/timestamp.js';
import type { Table } from './layout.js';

/** One series, and the time of its newest reading in two parts (domain/timestamp.ts). */
export class Series {
  readonly id: number;
  readonly prefix: string;
  readonly table: Table;
  /** The series that came behind this one last time. */
  successor: Series | undefined;
  #newestMs = -1;
  #newestNs = 0;

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
    for (const series of removed) {
      this.#byPrefix.delete(series.prefix);
      this.#byId[series.id] = undefined;
    }
    this.#sorted = this.#sorted.filter((series) => !removed.has(series));
    for (const series of this.#sorted)
      if (series.successor && removed.has(series.successor)) series.successor = undefined;
    this.#lastFound = undefined;
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
