/**
 * The rows of an answer that is streamed, NDJSON, CSV or Parquet: all of them, unless the request says how many. They come in
 * small pieces, with a rest behind each. What does not fit the columns, which were fixed before the first row, ends the answer
 * with an error: it is never left out in silence.
 */
import type { HistoryReader } from '../ports/history-store.js';
import { historyRows } from './answer-rows.js';
import { Leisure } from './leisure.js';
import type { HistoryQuery } from './query.js';
import type { HistoryRow } from './row.js';

/** Rows that a text is made of in half a millisecond, and in less than one on a busy machine. */
const pieceRows = 256;

export async function* exportRows(query: HistoryQuery, reader: HistoryReader): AsyncGenerator<HistoryRow[]> {
  const leisure = new Leisure();
  let left = query.limit ?? Number.POSITIVE_INFINITY;
  for await (const rows of historyRows(query, reader, query.limit)) {
    const taken = rows.length > left ? rows.slice(0, left) : rows;
    for (let from = 0; from < taken.length; from += pieceRows) {
      yield taken.slice(from, from + pieceRows);
      await leisure.rest();
    }
    left -= taken.length;
    if (left <= 0) return;
  }
}
