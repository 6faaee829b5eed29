import type { DuckDBConnection } from '@duckdb/node-api';
import { loadLate, type Catalog } from './catalog.js';
import type { Table } from './layout.js';
import { int64, lastByField, within } from './sql.js';

/** Late rows that one merge takes, so that no write waits for long behind it. */
const maxRowsPerMerge = 200_000;
/** So many wait for a merge at once … */
const urgentRows = 100_000;
/** … and fewer at most so long. */
const patienceMs = 60_000;
/** A merge reads the main table over its range: after one that took d, the next comes after so many d at the earliest. */
const urgentRest = 4;
const patientRest = 50;

/** When late rows are merged: soon when there are many, at times when there are few, and never most of the time. */
export class MergeSchedule {
  #endedAt = 0;
  #tookMs = 0;

  /** The table to merge now, if any. */
  due(catalog: Catalog, nowMs: number): Table | undefined {
    const restedMs = nowMs - this.#endedAt;
    let most: Table | undefined;
    for (const table of catalog.tables.values()) {
      if (table.lateRows > (most?.lateRows ?? 0)) most = table;
    }
    if (!most) return undefined;
    if (most.lateRows >= urgentRows) return restedMs >= this.#tookMs * urgentRest ? most : undefined;
    return restedMs >= Math.max(patienceMs, this.#tookMs * patientRest) ? most : undefined;
  }

  ended(startedAt: number, endedAt: number): void {
    this.#endedAt = endedAt;
    this.#tookMs = endedAt - startedAt;
  }
}

/**
 * Brings the earliest late rows of a type into its main table, in one transaction: a crash leaves them where they were,
 * and a query sees them in one of the two places. Rows of one time go together, however many they are.
 * @param heldFrom somebody asks for what was accepted before this position, and one merged row would hide that behind what came
 *   later: readings that have come again since stay as they are
 */
export async function mergeLate(connection: DuckDBConnection, table: Table, heldFrom?: number): Promise<void> {
  const { main, late, columns } = table;
  const values = columns.slice(3);
  const range = within({ from: table.lateFrom, to: await endOfMerge(connection, table) });
  const rows = `FROM ${late} WHERE ${range}${heldFrom === undefined ? '' : ` AND ${isBefore(heldFrom, table, range)}`}`;
  const earlier = `FROM ${main} WHERE ${range} AND (ts, series) IN (SELECT (ts, series) ${rows})`;
  await connection.run('BEGIN');
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE merged AS
    SELECT ts, series, max(seq) AS seq${values.map((column) => `, ${lastByField(column)}`).join('')}
    FROM (SELECT * ${rows} UNION ALL SELECT * ${earlier})
    GROUP BY ts, series ORDER BY ts`);
  await connection.run(`DELETE ${earlier}`);
  await connection.run(`INSERT INTO ${main} SELECT ${columns.join(', ')} FROM merged`);
  await connection.run(`DELETE ${rows}`);
  await connection.run('DROP TABLE merged');
  await connection.run('COMMIT');
  await loadLate(connection, table);
}

/** Of identities that have nothing from this position on. */
function isBefore(position: number, { main, late }: Table, range: string): string {
  const since = `WHERE ${range} AND seq >= ${int64(BigInt(position))}`;
  return `(ts, series) NOT IN (SELECT (ts, series) FROM ${late} ${since} UNION ALL SELECT (ts, series) FROM ${main} ${since})`;
}

async function endOfMerge(connection: DuckDBConnection, table: Table): Promise<bigint> {
  if (table.lateRows <= maxRowsPerMerge) return table.lateTo + 1n;
  const sql = `SELECT ts FROM ${table.late} ORDER BY ts LIMIT 1 OFFSET ${int64(BigInt(maxRowsPerMerge))}`;
  const ts = (await connection.runAndReadAll(sql)).getRows()[0]?.[0];
  return (typeof ts === 'bigint' ? ts : table.lateTo) + 1n;
}
