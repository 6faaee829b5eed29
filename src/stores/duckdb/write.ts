import type { DuckDBConnection } from '@duckdb/node-api';
import type { DeliveryState, WriteResult } from '../../ports/history-store.js';
import { deliverySql, saveSeries, type Catalog } from './catalog.js';
import type { ParsedBatch } from './parsed-batch.js';
import type { Rests } from './rests.js';
import type { RowBuffer } from './row-buffer.js';

/**
 * Writes a batch and the delivery state in one transaction. When lines were refused, the state is left as it was: the
 * caller writes it once the refused lines are safe elsewhere, and a crash before that brings the whole batch again.
 * @throws when the database fails; then the catalog does not fit the file any more: load it again
 */
export async function writeBatch(
  connection: DuckDBConnection,
  catalog: Catalog,
  { tables, refused, rests }: ParsedBatch,
  state: DeliveryState,
): Promise<WriteResult> {
  await catalog.addNew(connection);
  for (const [table, rows] of tables) {
    rows.place((position) => stretchOf(position, state));
    if (rows.late.length === 0) continue;
    const { from, to } = rows.lateRange();
    table.addLate(rows.late.length, from, to);
  }
  await connection.run('BEGIN');
  await saveSeries(connection, catalog.series.takeAdded());
  for (const [table, rows] of tables) {
    await append(connection, table.main, rows, rows.main, rests);
    await append(connection, table.late, rows, rows.late, rests);
  }
  catalog.spareRows.giveBack(tables.values());
  // In one go: while it is carried out, this thread is free to parse the next batch.
  await connection.run(refused.length === 0 ? `${deliverySql(state)}; COMMIT` : 'COMMIT');
  if (refused.length > 0) return { outcome: 'partial', refused };
  if (state.ranges.length === 0 && (catalog.delivery?.ranges.length ?? 0) > 0) catalog.series.closeGaps();
  catalog.delivery = state;
  return { outcome: 'stored' };
}

async function append(
  connection: DuckDBConnection,
  name: string,
  rows: RowBuffer,
  which: Int32Array,
  rests: Rests,
): Promise<void> {
  if (which.length === 0) return;
  const appender = await connection.createAppender(name);
  rows.appendTo(appender, which, rests);
  appender.closeSync();
}

/** Where the stretch begins that was delivered ahead and that this position is part of; undefined when none is. */
function stretchOf(position: number, { low, ranges }: DeliveryState): number | undefined {
  if (position < low) return undefined;
  return ranges.find(([from, to]) => position >= from && position < to)?.[0];
}
