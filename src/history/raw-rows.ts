/** Rows as they were stored, and the same thinned to the extremes. */
import type { HistoryReader, ScanQuery } from '../ports/history-store.js';
import { extremesOf } from './extremes.js';
import type { HistoryQuery } from './query.js';
import { rowsBehind } from './row-order.js';
import type { HistoryRow, ValueColumn } from './row.js';

/** @param wanted rows at most; absent for all */
export async function* rawRows(
  query: HistoryQuery,
  reader: HistoryReader,
  wanted: number | undefined,
): AsyncGenerator<HistoryRow[]> {
  const { columns, series, from, to, order, after, maxPoints } = query;
  const scan: ScanQuery = { columns, series, from, to, order };
  if (maxPoints === undefined) {
    yield* historyRows(reader, { ...scan, after, limit: wanted });
  } else {
    // Which rows are extremes is known at the end of the range only, so a later page begins anew too.
    yield* rowsBehind(extremesOf(historyRows(reader, scan), maxPoints), query);
  }
}

async function* historyRows(reader: HistoryReader, scan: ScanQuery): AsyncGenerator<HistoryRow[]> {
  const columnsOfType = new Map<string, ValueColumn[]>();
  for (const { type, fields } of scan.columns) {
    columnsOfType.set(
      type,
      fields.map(({ name }) => ({ name, field: name })),
    );
  }
  for await (const rows of reader.scan(scan)) {
    yield rows.map(({ ts, type, device, tags, series, cells }) => {
      return { ts, type, device, tags, series, cells, columns: columnsOfType.get(type)! };
    });
  }
}
