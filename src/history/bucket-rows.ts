/** Rows of buckets and groups: `every=1h&fn=mean,max&group=device`. */
import { makesSenseFor } from '../domain/accumulator.js';
import { compareByCodePoint } from '../domain/code-point-order.js';
import { encodePrefix } from '../domain/line.js';
import type { Tags } from '../domain/reading.js';
import type { AggregateQuery, AggregateRow, HistoryReader } from '../ports/history-store.js';
import { fillRows } from './fill.js';
import { refuseTooMany } from './held-rows.js';
import type { BucketQuery, HistoryQuery } from './query.js';
import { rowsBehind } from './row-order.js';
import type { BucketRow, HistoryRow, ValueColumn } from './row.js';

/** One cell of a row: the column it fills, and what the store is asked for it. */
type BucketColumn = ValueColumn & AggregateQuery['cells'][number];

export async function* bucketRows(
  query: HistoryQuery,
  buckets: BucketQuery,
  reader: HistoryReader,
): AsyncGenerator<HistoryRow[]> {
  if (buckets.starts.length === 0 || bucketColumns(query, buckets).length === 0) return;
  const rows =
    buckets.fill === 'none' && query.order === 'asc'
      ? rowsInBuckets(query, buckets, reader, firstBucketOf(query, buckets))
      : heldRows(rowsInBuckets(query, buckets, reader, 0), query, buckets);
  yield* rowsBehind(rows, query);
}

/** Every function that makes sense for a field's kind; in any of the types, where they differ. */
export function bucketColumns({ columns }: HistoryQuery, { functions }: BucketQuery): BucketColumn[] {
  const found = new Map<string, BucketColumn>();
  for (const { name: field, kind } of columns.flatMap(({ fields }) => fields)) {
    for (const fn of functions.filter((fn) => makesSenseFor(fn, kind))) {
      const name = `${field}_${fn}`;
      found.set(name, { name, field, fn });
    }
  }
  return [...found.values()];
}

/** Buckets before the cursor's need not be worked out again, as long as nothing is carried on from them. */
function firstBucketOf({ after }: HistoryQuery, { starts }: BucketQuery): number {
  if (!after) return 0;
  const next = starts.findIndex((start) => start > after.ts);
  return Math.max(0, (next < 0 ? starts.length : next) - 1);
}

/** In order of buckets, and of groups within a bucket. */
async function* rowsInBuckets(
  query: HistoryQuery,
  buckets: BucketQuery,
  reader: HistoryReader,
  first: number,
): AsyncGenerator<BucketRow[]> {
  const { starts, group } = buckets;
  const cells = bucketColumns(query, buckets);
  // A bucket's start may lie before the range and its end behind it; readings outside the range do not count.
  const edges = [first === 0 ? query.from : starts[first]!, ...starts.slice(first + 1), query.to];
  const seriesOf = new GroupSeries();
  let open: BucketRow[] = [];
  for await (const chunk of reader.aggregate({ columns: query.columns, series: query.series, edges, group, cells })) {
    // A chunk may be one bucket of many groups, or many buckets of one group; a bucket is complete when the next one begins.
    const complete: BucketRow[] = [];
    for (const row of chunk) {
      const { device, type, tags } = row;
      const bucket = first + row.bucket;
      if (open.length > 0 && open[0]!.bucket !== bucket) {
        if (open.length > 1) inGroupOrder(open);
        for (const done of open) complete.push(done);
        open = [];
      }
      // Property by property: with the row spread here, an answer of 822 buckets took 3.1 ms, and 0.3 as it is now.
      const series = seriesOf.of(row);
      open.push({ ts: starts[bucket]!, series, device, type, tags, columns: cells, cells: row.cells, bucket });
    }
    if (complete.length > 0) yield complete;
  }
  if (open.length > 0) yield inGroupOrder(open);
}

/** What stands for the series of a group. Stores give the tags of a group as one object, so it is made once for each. */
class GroupSeries {
  readonly #known = new WeakMap<Tags, { device: string | null; type: string | null; series: string }>();

  of({ device, type, tags }: AggregateRow): string {
    const known = this.#known.get(tags);
    if (known?.device === device && known.type === type) return known.series;
    const series = encodePrefix(type ?? '', device ?? '', tags);
    this.#known.set(tags, { device, type, series });
    return series;
  }
}

function inGroupOrder(rows: BucketRow[]): BucketRow[] {
  return rows.sort((a, b) => compareByCodePoint(a.series, b.series));
}

/** What is filled, or read backwards, has to be held as a whole. */
async function* heldRows(
  chunks: AsyncIterable<BucketRow[]>,
  { order }: HistoryQuery,
  { fill, starts }: BucketQuery,
): AsyncGenerator<HistoryRow[]> {
  const rows: BucketRow[] = [];
  const groups = new Set<string>();
  for await (const chunk of chunks) {
    for (const row of chunk) {
      rows.push(row);
      groups.add(row.series);
    }
    refuseTooMany(fill === 'none' ? rows.length : groups.size * starts.length, 'every');
  }
  const filled = fill === 'none' ? rows : fillRows(rows, starts, fill);
  yield order === 'asc' ? filled : filled.reverse();
}
