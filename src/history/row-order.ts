/** The order of an answer: by time, then by series. `desc` is `asc` read backwards. */
import { compareByCodePoint } from '../domain/code-point-order.js';
import type { RowKey } from '../ports/history-store.js';
import type { HistoryQuery, Order } from './query.js';
import type { HistoryRow } from './row.js';

export function compareRows(order: Order): (a: RowKey, b: RowKey) => number {
  const sign = order === 'asc' ? 1 : -1;
  return (a, b) => {
    if (a.ts !== b.ts) return a.ts < b.ts ? -sign : sign;
    return sign * compareByCodePoint(a.series, b.series);
  };
}

/** Leaves out what a cursor has behind it. */
export async function* rowsBehind(
  chunks: AsyncIterable<HistoryRow[]>,
  { after, order }: Pick<HistoryQuery, 'after' | 'order'>,
): AsyncGenerator<HistoryRow[]> {
  const compare = compareRows(order);
  for await (const rows of chunks) {
    const behind = after ? rows.filter((row) => compare(row, after) > 0) : rows;
    if (behind.length > 0) yield behind;
  }
}
