/**
 * Rows of one type in the order of an answer: by time, and by series where times are equal.
 *
 * InfluxDB gives them by time only, in any order of series. So rows are held until the next time comes, and sorted. With a
 * limit the last time may have been cut off in the middle; it is asked for once more, alone. There is no OFFSET: an answer goes
 * on behind a key, which is a time and a series.
 */
import { compareByCodePoint } from '../../domain/code-point-order.js';
import type { FieldColumn, RowKey, ScanQuery, ScanRow } from '../../ports/history-store.js';
import { inParts, type TimePart } from './file-limit.js';
import { fieldReference, identifier, seriesCondition, tagReference, timeRange } from './influxql.js';
import type { QuerySeries } from './query.js';
import { cellOf, SeriesCache, timeOf } from './series-row.js';
import type { TagKeys } from './tag-keys.js';

export type Select = (statement: string) => AsyncIterable<QuerySeries[]>;
export type TypeScan = Omit<ScanQuery, 'columns'> & { type: string; fields: FieldColumn[] };

export interface ScanRooms {
  select: Select;
  tagKeys: TagKeys;
}

type Compare = (a: RowKey, b: RowKey) => number;

/** `desc` is `asc` read backwards, also among equal times. */
export function rowOrder(order: 'asc' | 'desc'): Compare {
  const sign = order === 'asc' ? 1 : -1;
  return (a, b) => {
    if (a.ts !== b.ts) return a.ts < b.ts ? -sign : sign;
    return sign * compareByCodePoint(a.series, b.series);
  };
}

export async function* scanType(rooms: ScanRooms, scan: TypeScan): AsyncGenerator<ScanRow[]> {
  const compare = rowOrder(scan.order);
  const { after, limit } = scan;
  const read = new RowReader(rooms, scan);
  if (after && after.ts >= scan.from && after.ts < scan.to) {
    const behind = (await read.atTime(after.ts)).filter((row) => compare(row, after) > 0);
    if (behind.length > 0) yield behind.sort(compare);
  }
  const range = rangeBehind(scan);
  if (range.from >= range.to) return;

  let held: ScanRow[] = [];
  let count = 0;
  for await (const rows of read.range(range.from, range.to, limit)) {
    count += rows.length;
    held = held.concat(rows);
    const complete = held.splice(0, startOfLastTime(held));
    if (complete.length > 0) yield complete.sort(compare);
  }
  if (held.length === 0) return;
  if (count === limit) held = await read.atTime(held[0]!.ts);
  yield held.sort(compare);
}

function rangeBehind({ from, to, order, after }: TypeScan): { from: bigint; to: bigint } {
  if (!after) return { from, to };
  if (order === 'asc') return { from: after.ts >= from ? after.ts + 1n : from, to };
  return { from, to: after.ts < to ? after.ts : to };
}

function startOfLastTime(rows: readonly ScanRow[]): number {
  let start = rows.length;
  while (start > 0 && rows[start - 1]!.ts === rows.at(-1)!.ts) start--;
  return start;
}

class RowReader {
  readonly #rooms: ScanRooms;
  readonly #scan: TypeScan;
  #series: SeriesCache;

  constructor(rooms: ScanRooms, scan: TypeScan) {
    this.#rooms = rooms;
    this.#scan = scan;
    this.#series = new SeriesCache(scan.type, []);
  }

  async *range(from: bigint, to: bigint, limit: number | undefined): AsyncGenerator<ScanRow[]> {
    let left = limit;
    for await (const rows of inParts({ from, to }, this.#scan.order, (part) => this.#part(part, left))) {
      yield rows;
      if (left !== undefined) left -= rows.length;
      if (left === 0) return;
    }
  }

  async *#part(part: TimePart, limit: number | undefined): AsyncGenerator<ScanRow[]> {
    let begun = await this.#begin(part, limit);
    while (begun === 'tags are missing') begun = await this.#begin(part, limit);
    for await (const series of begun) for (const { values } of series) yield values.map((value) => this.#row(value));
  }

  async #begin(part: TimePart, limit: number | undefined): Promise<AsyncIterable<QuerySeries[]> | 'tags are missing'> {
    const { select, tagKeys } = this.#rooms;
    const { type } = this.#scan;
    const keys = await tagKeys.of([type]);
    this.#nameTags(keys.get(type)!);
    const answer = select(this.#statement(part, limit))[Symbol.asyncIterator]();
    const first = await answer.next();
    if (first.done || (await tagKeys.areAll(keys))) return behind(first, answer);
    await answer.return?.();
    return 'tags are missing';
  }

  #nameTags(keys: readonly string[]): void {
    const known = this.#series.tagKeys;
    if (known.length === keys.length && keys.every((key, index) => key === known[index])) return;
    this.#series = new SeriesCache(this.#scan.type, keys);
  }

  #statement({ from, to }: TimePart, limit: number | undefined): string {
    const { fields, type, series, order } = this.#scan;
    const columns = [...fields.map((field) => fieldReference(field.name, field.kind)), tagReference('device')];
    columns.push(...this.#series.tagKeys.map(tagReference));
    return (
      `SELECT ${columns.join(', ')} FROM ${identifier(type)} ` +
      `WHERE ${timeRange(from, to)} AND ${seriesCondition(series)} ORDER BY time ${order.toUpperCase()}` +
      (limit === undefined ? '' : ` LIMIT ${limit}`)
    );
  }

  /** All rows of one time: no more than there are series. */
  async atTime(ts: bigint): Promise<ScanRow[]> {
    const all: ScanRow[] = [];
    for await (const rows of this.range(ts, ts + 1n, undefined)) for (const row of rows) all.push(row);
    return all;
  }

  /** Values come as they were asked for: the time, the fields, the device, the tags. */
  #row(values: QuerySeries['values'][number]): ScanRow {
    const { fields } = this.#scan;
    const device = String(values[fields.length + 1]);
    const series = this.#series.find(device, values.slice(fields.length + 2));
    const cells = fields.map((field, index) => cellOf(values[index + 1], field.kind));
    return { ts: timeOf(values[0]), ...series, cells };
  }
}

async function* behind(
  first: IteratorResult<QuerySeries[]>,
  rest: AsyncIterator<QuerySeries[]>,
): AsyncGenerator<QuerySeries[]> {
  try {
    for (let next = first; !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
