/** History as a table for Parquet: times in nanoseconds, each column of its field's kind. */
import type { Kind } from '../domain/reading.js';
import type { KnownColumns } from '../ports/catalog.js';
import type { Cell, HistoryReader } from '../ports/history-store.js';
import type { ParquetTable } from '../ports/parquet.js';
import { ExportColumns } from './export-columns.js';
import { exportRows } from './export-rows.js';
import type { HistoryQuery } from './query.js';

/** @param known of the series asked for */
export function parquetTable(query: HistoryQuery, reader: HistoryReader, known: KnownColumns): ParquetTable {
  const columns = new ExportColumns(query, known);
  const [time, ...others] = columns.names;
  return {
    columns: [{ name: time!, kind: 'time' }, ...others.map((name, index) => ({ name, kind: columns.kinds[index]! }))],
    chunks: chunksOf(query, reader, columns),
  };
}

async function* chunksOf(query: HistoryQuery, reader: HistoryReader, columns: ExportColumns): AsyncGenerator<Cell[][]> {
  const { kinds } = columns;
  for await (const rows of exportRows(query, reader)) {
    const chunk: Cell[][] = [rows.map(({ ts }) => ts), ...kinds.map(() => [])];
    for (const row of rows) {
      const cells = columns.cellsOf(row);
      for (let at = 0; at < kinds.length; at++) chunk[at + 1]!.push(cellAs(cells[at] ?? null, kinds[at]!));
    }
    yield chunk;
  }
}

function cellAs(cell: Cell, kind: Kind): Cell {
  if (cell === null) return null;
  if (kind === 'float') return Number(cell);
  if (kind === 'integer') return BigInt(cell);
  return kind === 'string' ? String(cell) : cell;
}
