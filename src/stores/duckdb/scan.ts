import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { compareByCodePoint } from '../../domain/code-point-order.js';
import type { Kind } from '../../domain/reading.js';
import type { Cell, ScanQuery } from '../../ports/history-store.js';
import type { Catalog } from './catalog.js';
import { toCell } from './cell.js';
import { columnTypes, type Table } from './layout.js';
import { onlyOne, select, writeChosen } from './selection.js';
import type { Series } from './series-list.js';
import { slices, windows, type Cut } from './slices.js';
import { int64, readingsOf, type RowRange, type TimeRange } from './sql.js';

/** Cells that one slice may have, so that wide rows come in shorter slices. */
const maxCellsPerSlice = 400_000;

/** Part of an answer, by column, as it crosses from the worker: an object a row would cost four times as much. */
export interface ScanChunk {
  ts: BigInt64Array;
  /** For each row, the rank of its series. */
  ranks: Int32Array;
  /** For each slot, the cells of all rows. */
  columns: Cell[][];
  /** Series that no chunk before had; `slots` tells for each field that was asked for where its cells are. */
  added: { rank: number; prefix: string; slots: number[] }[];
}

/**
 * Types share columns of the answer: a slot is a column of one kind, and each type uses as many of them as it has
 * fields of that kind. So one statement can sort the rows of all types.
 */
interface Slots {
  kinds: Kind[];
  /** For each table: for each field that was asked for, its slot, or -1 where the type has no such field. */
  byTable: Map<Table, number[]>;
}

export async function* scan(
  connection: DuckDBConnection,
  catalog: Catalog,
  query: ScanQuery,
): AsyncGenerator<ScanChunk> {
  const slots = assignSlots(catalog, query);
  const tables = [...slots.byTable.keys()];
  const chosen = select(catalog, tables, query.series);
  if (chosen.length === 0 || query.from >= query.to || query.limit === 0) return;
  await writeChosen(connection, chosen);
  const { range, behind } = startBehind(query, chosen);
  const seen = new Set<number>();
  const maxRows = Math.max(2048, Math.floor(maxCellsPerSlice / (slots.kinds.length + 2)));
  let left = query.limit ?? Infinity;
  const { devices, tags } = query.series;
  const series = onlyOne(chosen);
  const cut: Cut = { connection, tables, onlyChosen: Boolean(devices ?? tags), series, order: query.order };
  for await (const slice of left <= maxRows ? windows(cut, range, left) : slices(cut, range, maxRows)) {
    const limit = left === Infinity ? '' : `LIMIT ${left}`;
    const sql = `
      SELECT * FROM (${tables.map((table) => rowsOf(catalog, query, table, slots, { ...slice, series })).join(' UNION ALL ')})
      WHERE ${behind} ORDER BY ts ${query.order}, rank ${query.order} ${limit}`;
    const result = await connection.run(sql);
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      left -= chunk.rowCount;
      yield buildChunk(chunk, chosen, slots, seen);
    }
    if (left <= 0) return;
  }
}

function assignSlots(catalog: Catalog, query: ScanQuery): Slots {
  const slots: Slots = { kinds: [], byTable: new Map() };
  for (const { type, fields } of query.columns) {
    const table = catalog.tables.get(type);
    if (!table) continue;
    const taken = new Set<number>();
    const ofTable = fields.map(({ name }) => {
      const field = table.stored(name);
      if (!field) return -1;
      let slot = slots.kinds.findIndex((kind, index) => kind === field.kind && !taken.has(index));
      if (slot < 0) slot = slots.kinds.push(field.kind) - 1;
      taken.add(slot);
      return slot;
    });
    if (taken.size > 0) slots.byTable.set(table, ofTable);
  }
  return slots;
}

/** ts, rank and all slots of one table's readings that have a value. */
function rowsOf(catalog: Catalog, query: ScanQuery, table: Table, slots: Slots, slice: RowRange): string {
  const ofTable = slots.byTable.get(table)!;
  const asked = query.columns.find(({ type }) => catalog.tables.get(type) === table)!.fields;
  const columns = slots.kinds.map((_, slot) => {
    const index = ofTable.indexOf(slot);
    return index < 0 ? undefined : table.stored(asked[index]!.name)!.column;
  });
  const used = columns.filter((column) => column !== undefined);
  const cells = slots.kinds.map((kind, slot) => `, ${columns[slot] ?? `NULL::${columnTypes[kind]}`} AS s${slot}`);
  return `
    SELECT ts, rank${cells.join('')} FROM (${readingsOf(table, used, slice, query.before)}) JOIN chosen USING (series)
    WHERE ${used.map((column) => `${column} IS NOT NULL`).join(' OR ')}`;
}

/** What is left of the range behind the key, and the condition on rows that have the key's own time. */
function startBehind(query: ScanQuery, chosen: readonly Series[]): { range: TimeRange; behind: string } {
  const { from, to, after, order } = query;
  if (!after) return { range: { from, to }, behind: 'true' };
  const rank = chosen.findIndex(({ prefix }) => {
    const compared = compareByCodePoint(prefix, after.series);
    return order === 'asc' ? compared > 0 : compared >= 0;
  });
  const firstBehind = rank < 0 ? chosen.length : rank;
  const at = int64(after.ts);
  if (order === 'asc') {
    const range = { from: after.ts > from ? after.ts : from, to };
    return { range, behind: `NOT (ts = ${at} AND rank < ${firstBehind})` };
  }
  const range = { from, to: after.ts + 1n < to ? after.ts + 1n : to };
  return { range, behind: `NOT (ts = ${at} AND rank >= ${firstBehind})` };
}

function buildChunk(chunk: DuckDBDataChunk, chosen: readonly Series[], slots: Slots, seen: Set<number>): ScanChunk {
  const ranks = Int32Array.from(chunk.getColumnValues(1), Number);
  const added: ScanChunk['added'] = [];
  for (const rank of ranks) {
    if (seen.has(rank)) continue;
    seen.add(rank);
    const { prefix, table } = chosen[rank]!;
    added.push({ rank, prefix, slots: slots.byTable.get(table)! });
  }
  const columns = slots.kinds.map((_, slot) => chunk.getColumnValues(slot + 2).map(toCell));
  return { ts: BigInt64Array.from(chunk.getColumnValues(0) as bigint[]), ranks, columns, added };
}
