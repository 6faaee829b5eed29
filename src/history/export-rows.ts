/**
 * The rows of an answer that is streamed, NDJSON, CSV or Parquet: all of them, unless the request says how many. What does not
 * fit the columns, which were fixed before the first row, ends the answer with an error: it is never left out in silence.
 */
import type { HistoryReader } from '../ports/history-store.js';
import { historyRows } from './answer-rows.js';
import type { HistoryQuery } from './query.js';
import type { HistoryRow } from './row.js';

export async function* exportRows(query: HistoryQuery, reader: HistoryReader): AsyncGenerator<HistoryRow[]> {
  let left = query.limit ?? Number.POSITIVE_INFINITY;
  for await (const rows of historyRows(query, reader, query.limit)) {
    yield rows.length > left ? rows.slice(0, left) : rows;
    left -= rows.length;
    if (left <= 0) return;
  }
}
