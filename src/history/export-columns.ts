/**
 * The columns of an answer that is streamed. They are fixed before the first row: a column for each tag that the catalog
 * knows of the series asked for, and one for each field, with values or without.
 */
import { makesSenseFor } from '../domain/accumulator.js';
import type { Kind } from '../domain/reading.js';
import type { KnownColumns } from '../ports/catalog.js';
import type { AggregateFunction, Cell } from '../ports/history-store.js';
import { AnswerColumns } from './answer-columns.js';
import { valueColumns } from './answer-rows.js';
import type { HistoryQuery } from './query.js';
import type { HistoryRow, ValueColumn } from './row.js';

export class ExportColumns {
  readonly names: string[];
  /** Of all columns but the time. */
  readonly kinds: Kind[];
  readonly #columns: AnswerColumns;
  readonly #tagKeys: ReadonlySet<string>;
  readonly #valueNames: ReadonlySet<string>;
  /** For each shape of row, the places that have no column. */
  readonly #places = new Map<readonly ValueColumn[], number[]>();

  constructor(query: HistoryQuery, known: KnownColumns) {
    const fields = new Set([...known.fields.values()].flatMap((ofType) => [...ofType]));
    const values = valueColumns(query).filter(({ field }) => fields.has(field) || query.namedFields.has(field));
    const group = query.buckets?.group.tags ?? 'all';
    this.#columns = new AnswerColumns(query, known.tags, values);
    this.#tagKeys = new Set(group === 'all' ? known.tags : group);
    this.#valueNames = new Set(values.map(({ name }) => name));
    this.names = distinct(this.#columns.names);
    const texts = this.names.length - 1 - values.length;
    this.kinds = [
      ...Array.from({ length: texts }, (): Kind => 'string'),
      ...values.map((column) => kindOfColumn(column, query)),
    ];
  }

  /** All cells but the time. @throws for a tag or a field that no series was known to have when the answer began */
  cellsOf(row: HistoryRow): Cell[] {
    for (const key in row.tags) if (!this.#tagKeys.has(key)) throw cameLate(`the tag ${key}`);
    for (const place of this.#placesWithout(row.columns)) {
      if ((row.cells[place] ?? null) !== null) throw cameLate(`the field ${row.columns[place]!.field}`);
    }
    return this.#columns.cellsOf(row);
  }

  #placesWithout(columns: readonly ValueColumn[]): number[] {
    let places = this.#places.get(columns);
    if (!places) {
      places = columns.flatMap(({ name }, place) => (this.#valueNames.has(name) ? [] : [place]));
      this.#places.set(columns, places);
    }
    return places;
  }
}

function cameLate(what: string): Error {
  return new Error(`${what} came while the answer was given, and has no column in it`);
}

/** A field may be called as a tag's column is; the later one of two names gets `_` appended. */
function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  for (let name of names) {
    while (taken.has(name)) name += '_';
    taken.add(name);
  }
  return [...taken];
}

/**
 * What a column holds. Values of several kinds, of types that do not agree, are there as text. Sums and differences of integers
 * may be beyond 64 bits, and what is filled in between two integers is no integer: these are floats.
 */
function kindOfColumn({ field, fn }: ValueColumn, { columns, buckets }: HistoryQuery): Kind {
  const kinds = new Set<Kind>();
  for (const { fields } of columns) {
    for (const { name, kind } of fields) {
      if (name === field && (fn === undefined || makesSenseFor(fn, kind))) kinds.add(kindOfResult(fn, kind));
    }
  }
  const [kind] = kinds;
  if (kinds.size !== 1 || kind === undefined) return 'string';
  return kind === 'integer' && buckets?.fill === 'linear' ? 'float' : kind;
}

function kindOfResult(fn: AggregateFunction | undefined, kind: Kind): Kind {
  if (fn === 'count') return 'integer';
  return fn === 'mean' || fn === 'stddev' || fn === 'sum' || fn === 'spread' ? 'float' : kind;
}
