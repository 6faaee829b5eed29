/** Rows of history on their way into the feed, in the order of time and then of series. */
import { compareByCodePoint } from '../domain/code-point-order.js';
import { toNanoseconds } from '../domain/timestamp.js';
import type { ThinnedRow } from '../ports/feed-history.js';
import type { Cell, ScanRow, TypeColumns } from '../ports/history-store.js';
import type { CompiledFilter } from './filter.js';
import type { Place } from './place.js';
import type { Readings } from './readings.js';
import { fieldText, readingText } from './readings.js';
import type { SeriesDirectory } from './series.js';

export interface PastQuestion {
  filter: CompiledFilter;
  /** The earliest time, in nanoseconds. */
  since: bigint;
  /** The place before which the readings were accepted. */
  before: Place;
  maxPoints: number | undefined;
}

export interface PastRow extends ThinnedRow {
  /** Nanoseconds. */
  ts: bigint;
  /** Of the fields that `cells` are of. */
  names: readonly string[];
}

/** The columns that are asked for, by type. */
export class PastColumns {
  readonly #names = new Map<string, string[]>();

  constructor(columns: readonly TypeColumns[]) {
    for (const { type, fields } of columns)
      this.#names.set(
        type,
        fields.map(({ name }) => name),
      );
  }

  ofStored({ ts, type, series, cells }: ScanRow): PastRow {
    return { ts, series, cells, names: this.#names.get(type)! };
  }

  /** @returns undefined when the reading has none of the columns */
  ofReading(readings: Readings, index: number): PastRow | undefined {
    const { type, prefix } = readings.seriesOf(index);
    const names = this.#names.get(type);
    if (!names) return undefined;
    const { keys, values, fieldCount, ms, ns } = readings.look(index);
    const cells: Cell[] = names.map(() => null);
    let isEmpty = true;
    for (let field = 0; field < fieldCount; field++) {
      const place = names.indexOf(keys[field]!);
      if (place < 0) continue;
      cells[place] = values[field]!;
      isEmpty = false;
    }
    return isEmpty ? undefined : { ts: toNanoseconds(ms, ns), series: prefix, cells, names };
  }
}

export function compareRows(a: PastRow, b: PastRow): number {
  if (a.ts !== b.ts) return a.ts < b.ts ? -1 : 1;
  return compareByCodePoint(a.series, b.series);
}

/** Joins rows of the store with newer ones of the same order; of one identity each field has the newer row's value, if it has one. */
export async function* mergeRows(
  stored: AsyncIterable<PastRow[]>,
  newer: readonly PastRow[],
): AsyncGenerator<PastRow[]> {
  let next = 0;
  for await (const rows of stored) {
    const merged: PastRow[] = [];
    for (const row of rows) {
      while (next < newer.length && compareRows(newer[next]!, row) < 0) merged.push(newer[next++]!);
      const isSame = next < newer.length && compareRows(newer[next]!, row) === 0;
      merged.push(isSame ? mergeRow(row, newer[next++]!) : row);
    }
    yield merged;
  }
  if (next < newer.length) yield newer.slice(next);
}

/** In order, and each identity once: of equal ones the fields of the later win. */
export function sortRows(rows: PastRow[]): PastRow[] {
  const sorted: PastRow[] = [];
  for (const row of rows.sort(compareRows)) {
    const last = sorted.at(-1);
    if (last && compareRows(last, row) === 0) sorted[sorted.length - 1] = mergeRow(last, row);
    else sorted.push(row);
  }
  return sorted;
}

function mergeRow(older: PastRow, newer: PastRow): PastRow {
  return { ...older, cells: older.cells.map((cell, place) => newer.cells[place] ?? cell) };
}

export function rowText(row: PastRow, directory: SeriesDirectory): string {
  let fields = '';
  row.names.forEach((name, place) => {
    const cell = row.cells[place] ?? null;
    if (cell !== null) fields += fieldText(fields, name, cell);
  });
  return readingText(directory.of(row.series), Number(row.ts / 1_000_000n), fields);
}
