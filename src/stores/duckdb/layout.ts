/**
 * The layout of `history.duckdb`, version 1.
 *
 *     inlet(version)                                which layout this is
 *     delivery(low, stored, quarantined, ranges)    one row: the delivery state; ranges as JSON
 *     types(id, name)                               type 12 has the tables t12 and l12
 *     fields(id, type, name, kind)                  field 3 is the column f3 of its type's tables
 *     series(id, type, device, tags, prefix)        tags as JSON; the prefix is that of domain/line.ts
 *     t12(ts, series, seq, f3, f4, …)               readings newer than any of their series before them, or in a gap
 *     l12(the same columns)                         late: all others, until they are merged into t12
 *
 * - `ts` is nanoseconds since 1970, `seq` the reading's position in the spool.
 * - DuckDB's identifiers ignore case and types and fields may be called anything, so their names are data here and the
 *   identifiers are made of numbers.
 * - (series, ts) is unique in t12, without an index: what goes there is newer than all of its series, and merging puts
 *   one row where there were several. So whoever reads a range without late rows need not look for duplicates.
 * - While fresh readings are written ahead of a backlog, each series has a gap in t12 between what was in order and what
 *   came ahead. The backlog's readings fall into it and go to t12 too, as long as they come in order among themselves:
 *   else ten million of them would have to be merged. After a start the gaps are found by `seq`, from `ranges`.
 * - Merging by field: among the rows of one (series, ts), each field has its value of the highest `seq` that has one.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Kind } from '../../domain/reading.js';

export const layoutVersion = 1;

export const columnTypes: Record<Kind, string> = {
  float: 'DOUBLE',
  integer: 'BIGINT',
  boolean: 'BOOLEAN',
  string: 'VARCHAR',
};

export interface Field {
  readonly id: number;
  readonly name: string;
  readonly kind: Kind;
  /** The column in the tables of its type. */
  readonly column: string;
  /** Place among the columns of its type's fields. */
  readonly ordinal: number;
}

/** Both tables of one type. */
export class Table {
  readonly id: number;
  readonly type: string;
  /** As many as the database has; a field that is still to be added is only in `byName`. */
  readonly fields: Field[] = [];
  readonly byName = new Map<string, Field>();
  readonly main: string;
  readonly late: string;
  /** Late rows that wait for merging, and a range of times that covers them all, both ends included. */
  lateRows = 0;
  lateFrom = 0n;
  lateTo = 0n;

  constructor(id: number, type: string) {
    this.id = id;
    this.type = type;
    this.main = `t${id}`;
    this.late = `l${id}`;
  }

  hasLate(from: bigint, to: bigint): boolean {
    return this.lateRows > 0 && this.lateFrom < to && this.lateTo >= from;
  }

  /** Has to be called before the rows can be seen, so that no query misses them. */
  addLate(rows: number, from: bigint, to: bigint): void {
    if (this.lateRows === 0 || from < this.lateFrom) this.lateFrom = from;
    if (this.lateRows === 0 || to > this.lateTo) this.lateTo = to;
    this.lateRows += rows;
  }

  /** The field as the database has it; one that a write is about to add is not there yet. */
  stored(name: string): Field | undefined {
    const field = this.byName.get(name);
    return field && this.fields[field.ordinal] === field ? field : undefined;
  }

  get columns(): string[] {
    return ['ts', 'series', 'seq', ...this.fields.map((field) => field.column)];
  }
}

/** Makes the tables of an empty file; looks at the version of one that is not. @throws when it is not one of ours */
export async function prepareLayout(connection: DuckDBConnection): Promise<void> {
  const names = await connection.runAndReadAll(`SELECT table_name FROM information_schema.tables`);
  const existing = names.getRows().map(([name]) => name);
  if (existing.length === 0) return createLayout(connection);
  if (!existing.includes('inlet')) throw new Error('it is a DuckDB database, but not one of Inlet');
  const versions = await connection.runAndReadAll(`SELECT version FROM inlet`);
  const version = versions.getRows()[0]?.[0];
  if (version === layoutVersion) return;
  throw new Error(
    `its layout is version ${String(version)}, and this program knows version ${layoutVersion}; ` +
      `a newer release of Inlet made it`,
  );
}

async function createLayout(connection: DuckDBConnection): Promise<void> {
  await connection.run(`
    BEGIN;
    CREATE TABLE inlet (version INTEGER);
    INSERT INTO inlet VALUES (${layoutVersion});
    CREATE TABLE delivery (low BIGINT, stored BIGINT, quarantined BIGINT, ranges VARCHAR);
    CREATE TABLE types (id INTEGER, name VARCHAR);
    CREATE TABLE fields (id INTEGER, type INTEGER, name VARCHAR, kind VARCHAR);
    CREATE TABLE series (id INTEGER, type INTEGER, device VARCHAR, tags VARCHAR, prefix VARCHAR);
    COMMIT`);
}
