import { decodePrefix } from '../../domain/line.js';
import type { SeriesIdentity } from '../../domain/reading.js';
import type { AggregateRow, ScanRow } from '../../ports/history-store.js';
import type { AggregateChunk, Group } from './aggregate.js';
import type { ScanChunk } from './scan.js';

/** Rows at a time: whoever rests between two pieces holds up nobody for long. */
const pieceRows = 256;

/** Makes rows of what came from the worker by column. */
export async function* scanRows(chunks: AsyncIterable<ScanChunk>): AsyncGenerator<ScanRow[]> {
  const byRank = new Map<number, { prefix: string; identity: SeriesIdentity; slots: number[] }>();
  for await (const { ts, ranks, columns, added } of chunks) {
    for (const { rank, prefix, slots } of added) byRank.set(rank, { prefix, identity: decodePrefix(prefix), slots });
    for (let from = 0; from < ts.length; from += pieceRows) {
      const rows: ScanRow[] = [];
      for (let row = from; row < Math.min(from + pieceRows, ts.length); row++) {
        const { prefix, identity, slots } = byRank.get(ranks[row]!)!;
        const { type, device, tags } = identity;
        const cells = slots.map((slot) => (slot < 0 ? null : columns[slot]![row]!));
        rows.push({ ts: ts[row]!, type, device, tags, series: prefix, cells });
      }
      yield rows;
    }
  }
}

export async function* aggregateRows(chunks: AsyncIterable<AggregateChunk>): AsyncGenerator<AggregateRow[]> {
  const byNumber = new Map<number, Group>();
  for await (const { buckets, groups, columns, added } of chunks) {
    for (const { number, group } of added) byNumber.set(number, group);
    yield Array.from(buckets, (bucket, row) => {
      const { device, type, tags } = byNumber.get(groups[row]!)!;
      return { bucket, device, type, tags, cells: columns.map((column) => column[row]!) };
    });
  }
}
