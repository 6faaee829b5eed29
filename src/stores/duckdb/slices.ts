import type { DuckDBConnection } from '@duckdb/node-api';
import type { Table } from './layout.js';
import { int64, within, type TimeRange } from './sql.js';

const bucketsPerLook = 512;
const windowGrowth = 4n;

/** What is cut: the readings of these tables, or only those of the series in `chosen`. */
export interface Cut {
  connection: DuckDBConnection;
  tables: readonly Table[];
  onlyChosen: boolean;
  /** The one in `chosen`, if it is one. */
  series: number | undefined;
  order: 'asc' | 'desc';
}

/**
 * Cuts a range of times into consecutive slices of about `maxRows` rows, so that an answer of any length is sorted and
 * read slice by slice in bounded memory, and no transaction stays open while a slow reader takes it. Only rows that
 * share one nanosecond cannot be parted.
 */
export async function* slices(cut: Cut, range: TimeRange, maxRows: number): AsyncGenerator<TimeRange> {
  const extent = await extentOf(cut, range);
  if (!extent) return;
  if (extent.rows <= maxRows || extent.first === extent.last) {
    yield { from: extent.first, to: extent.last + 1n };
    return;
  }
  const width = (extent.last - extent.first) / BigInt(bucketsPerLook) + 1n;
  const counts = await countByBucket(cut, { from: extent.first, to: extent.last + 1n }, width);
  const parts = groupBuckets(counts, maxRows);
  if (cut.order === 'desc') parts.reverse();
  for (const part of parts) {
    const from = extent.first + BigInt(part.from) * width;
    const to = extent.first + BigInt(part.to) * width;
    if (part.rows <= maxRows) yield { from, to };
    else yield* slices(cut, { from, to }, maxRows);
  }
}

/**
 * For the first few rows of a range: windows from where the order begins, the first one of about as many rows as are
 * wanted if they lie evenly, each further one wider. The limit bounds what is sorted; counting everything before, as for
 * `slices`, took ten times as long as the answer.
 */
export async function* windows(cut: Cut, range: TimeRange, wanted: number): AsyncGenerator<TimeRange> {
  const extent = await extentOf(cut, range);
  if (!extent) return;
  let from = extent.first;
  let to = extent.last + 1n;
  let width = ((to - from) * BigInt(wanted * 2)) / BigInt(extent.rows) + 1n;
  for (; from < to; width *= windowGrowth) {
    if (width > to - from) width = to - from;
    if (cut.order === 'asc') {
      yield { from, to: from + width };
      from += width;
    } else {
      yield { from: to - width, to };
      to -= width;
    }
  }
}

/** Neighbouring buckets together, as long as they have at most `maxRows`. */
function groupBuckets(counts: Map<number, number>, maxRows: number): { from: number; to: number; rows: number }[] {
  const parts: { from: number; to: number; rows: number }[] = [];
  for (const [bucket, rows] of [...counts].sort(([a], [b]) => a - b)) {
    const last = parts.at(-1);
    if (last && last.rows + rows <= maxRows) {
      last.to = bucket + 1;
      last.rows += rows;
    } else parts.push({ from: bucket, to: bucket + 1, rows });
  }
  return parts;
}

async function extentOf(
  cut: Cut,
  range: TimeRange,
): Promise<{ rows: number; first: bigint; last: bigint } | undefined> {
  const sql = `SELECT count(*), min(ts), max(ts) FROM (${timesOf(cut, range)})`;
  const [rows, first, last] = (await cut.connection.runAndReadAll(sql)).getRows()[0]!;
  if (typeof first !== 'bigint' || typeof last !== 'bigint') return undefined;
  return { rows: Number(rows), first, last };
}

async function countByBucket(cut: Cut, range: TimeRange, width: bigint): Promise<Map<number, number>> {
  const sql = `
    SELECT (ts - ${int64(range.from)}) // ${int64(width)} AS bucket, count(*)
    FROM (${timesOf(cut, range)}) GROUP BY bucket`;
  const counts = (await cut.connection.runAndReadAll(sql)).getRows();
  return new Map(counts.map(([bucket, rows]) => [Number(bucket), Number(rows)]));
}

/** A late row may have a main one under it, and then counts twice: slices come out a little smaller. */
function timesOf({ tables, onlyChosen, series }: Cut, range: TimeRange): string {
  const restriction = onlyChosen ? 'SEMI JOIN chosen USING (series)' : '';
  return tables
    .flatMap((table) => (table.hasLate(range.from, range.to) ? [table.main, table.late] : [table.main]))
    .map((name) => `SELECT ts FROM ${name} ${restriction} WHERE ${within({ ...range, series })}`)
    .join(' UNION ALL ');
}
