/**
 * The only ways in which a value gets into the text of a statement: integers here, and identifiers that layout.ts makes of
 * numbers. Names and patterns from requests never do; selection.ts turns them into series ids.
 *
 * Times are written out rather than bound as parameters: DuckDB skips whole row groups only for constants.
 */
import type { Table } from './layout.js';

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

/** A 64-bit integer literal; what lies beyond is brought to the nearest end. */
export function int64(value: bigint): string {
  // The lowest one has no literal of its own: 9223372036854775808 would be read first, and is a HUGEINT.
  if (value <= int64Min) return '(-9223372036854775807 - 1)';
  return String(value > int64Max ? int64Max : value);
}

export interface TimeRange {
  /** Included. */
  from: bigint;
  /** Excluded. */
  to: bigint;
}

/** Readings of a range of times, of one series only if one is named. */
export interface RowRange extends TimeRange {
  series?: number | undefined;
}

export function within({ from, to, series }: RowRange): string {
  const times = `ts >= ${int64(from)} AND ts < ${int64(to)}`;
  return series === undefined ? times : `${times} AND series = ${int64(BigInt(series))}`;
}

/**
 * A SELECT of ts, series and the columns of all readings of a type in a range, each identity once.
 * @param before only readings of lower positions
 */
export function readingsOf(table: Table, columns: readonly string[], range: RowRange, before?: number): string {
  const { main, late } = table;
  const list = columns.map((column) => `, ${column}`).join('');
  const where = before === undefined ? within(range) : `${within(range)} AND seq < ${int64(BigInt(before))}`;
  if (!table.hasLate(range.from, range.to)) return `SELECT ts, series${list} FROM ${main} WHERE ${where}`;
  const mainRows = `(SELECT ts, series, seq${list} FROM ${main} WHERE ${where})`;
  const lateRows = `(SELECT ts, series, seq${list} FROM ${late} WHERE ${where})`;
  return `
    SELECT ts, series${list} FROM ${mainRows} ANTI JOIN ${lateRows} l USING (ts, series)
    UNION ALL
    SELECT ts, series${columns.map((column) => `, ${lastByField(column)}`).join('')}
    FROM (FROM ${mainRows} SEMI JOIN ${lateRows} l USING (ts, series) UNION ALL FROM ${lateRows})
    GROUP BY ts, series`;
}

/** Merging by field: the value of the highest `seq` that has one, as max_by skips nulls. */
export function lastByField(column: string): string {
  return `max_by(${column}, seq) AS ${column}`;
}
