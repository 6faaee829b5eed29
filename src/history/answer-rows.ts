/**
 * The rows of an answer, streamed. Every store is asked the same way, so that two stores give one answer. Formats are made
 * from these rows; json-answer.ts is one of them.
 */
import type { HistoryReader } from '../ports/history-store.js';
import { bucketColumns, bucketRows } from './bucket-rows.js';
import type { HistoryQuery } from './query.js';
import { rawRows } from './raw-rows.js';
import type { HistoryRow, ValueColumn } from './row.js';

/** @param wanted rows at most that will be taken; absent for all. More may come. */
export async function* historyRows(
  query: HistoryQuery,
  reader: HistoryReader,
  wanted?: number,
): AsyncGenerator<HistoryRow[]> {
  if (query.columns.length === 0 || query.series.devices?.length === 0) return;
  if (query.buckets) yield* bucketRows(query, query.buckets, reader);
  else yield* rawRows(query, reader, wanted);
}

/** All columns of values that rows may have, in the order of an answer. A name is there once, whatever its kinds. */
export function valueColumns(query: HistoryQuery): ValueColumn[] {
  if (query.buckets) return bucketColumns(query, query.buckets);
  const names = new Set(query.columns.flatMap(({ fields }) => fields.map(({ name }) => name)));
  return [...names].map((name) => ({ name, field: name }));
}
