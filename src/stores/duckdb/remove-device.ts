import type { DuckDBConnection } from '@duckdb/node-api';
import { loadLate, type Catalog } from './catalog.js';
import type { Table } from './layout.js';
import type { Series } from './series-list.js';

/** Deletes the series of a device and all their rows, in one transaction. @throws when the database fails */
export async function removeDevice(connection: DuckDBConnection, catalog: Catalog, device: string): Promise<void> {
  const removed = catalog.series.inOrder().filter((series) => series.device === device);
  if (removed.length === 0) return;
  const tables = [...new Set(removed.map(({ table }) => table))];
  await connection.run('BEGIN');
  for (const table of tables) {
    const these = `series IN (${idsOf(removed, table).join(', ')})`;
    for (const name of [table.main, table.late]) await connection.run(`DELETE FROM ${name} WHERE ${these}`);
    await connection.run(`DELETE FROM series WHERE id IN (${idsOf(removed, table).join(', ')})`);
  }
  await connection.run('COMMIT');
  catalog.series.remove(new Set(removed));
  for (const table of tables) await loadLate(connection, table);
}

function idsOf(series: readonly Series[], table: Table): number[] {
  return series.filter((one) => one.table === table).map(({ id }) => id);
}
