import type { DuckDBConnection } from '@duckdb/node-api';
import { LineReader } from '../../domain/line.js';
import type { FieldValue } from '../../domain/reading.js';
import type { DeliveryState, WriteBatch, WriteResult } from '../../ports/history-store.js';
import { saveDelivery, saveSeries, type Catalog } from './catalog.js';
import type { Field, Table } from './layout.js';
import { RowBuffer } from './row-buffer.js';

/** A batch as rows, by table. */
interface SortedBatch {
  main: Map<Table, RowBuffer>;
  late: Map<Table, RowBuffer>;
  refused: { index: number; reason: string }[];
}

/**
 * Writes a batch and the delivery state in one transaction. When lines were refused, the state is left as it was: the
 * caller writes it once the refused lines are safe elsewhere, and a crash before that brings the whole batch again.
 * @throws DamagedBatch, or when the database fails; then the catalog does not fit the file any more: load it again
 */
export async function writeBatch(
  connection: DuckDBConnection,
  catalog: Catalog,
  batch: WriteBatch,
  state: DeliveryState,
): Promise<WriteResult> {
  const { main, late, refused } = sortOrExplain(catalog, batch, state);
  await catalog.addNew(connection);
  for (const [table, rows] of late) {
    const { from, to } = rows.timeRange();
    table.addLate(rows.rows, from, to);
  }
  await connection.run('BEGIN');
  await saveSeries(connection, catalog.series.takeAdded());
  for (const [table, rows] of main) await append(connection, table.main, table, rows);
  for (const [table, rows] of late) await append(connection, table.late, table, rows);
  if (refused.length === 0) await saveDelivery(connection, state);
  await connection.run('COMMIT');
  if (refused.length > 0) return { outcome: 'partial', refused };
  if (state.ranges.length === 0 && (catalog.delivery?.ranges.length ?? 0) > 0) catalog.series.closeGaps();
  catalog.delivery = state;
  return { outcome: 'stored' };
}

async function append(connection: DuckDBConnection, name: string, table: Table, rows: RowBuffer): Promise<void> {
  const appender = await connection.createAppender(name);
  rows.appendTo(
    appender,
    table.fields.map((field) => field.kind),
  );
  appender.closeSync();
}

/** The payload is not what the batch says; sending it again will not help. */
export class DamagedBatch extends Error {}

function sortOrExplain(catalog: Catalog, batch: WriteBatch, state: DeliveryState): SortedBatch {
  try {
    return sortIntoTables(catalog, batch, state);
  } catch (error) {
    throw new DamagedBatch(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function sortIntoTables(catalog: Catalog, batch: WriteBatch, state: DeliveryState): SortedBatch {
  const sorted: SortedBatch = { main: new Map(), late: new Map(), refused: [] };
  const { payload } = batch;
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
  const lines = new LineReader(text);
  let index = 0;
  for (const run of batch.runs) {
    const aheadFrom = stretchOf(run.position, state);
    for (let k = 0; k < run.count; k++, index++) {
      if (!lines.next()) throw new Error(`the batch has ${index} lines where its runs say more`);
      const reason = addLine(catalog, lines, run.position + k, aheadFrom, sorted);
      if (reason !== undefined) sorted.refused.push({ index, reason });
    }
  }
  if (lines.next()) throw new Error(`the batch has more lines than the ${index} that its runs say`);
  return sorted;
}

/** Where the stretch begins that was delivered ahead and that this position is part of; undefined when none is. */
function stretchOf(position: number, { low, ranges }: DeliveryState): number | undefined {
  if (position < low) return undefined;
  return ranges.find(([from, to]) => position >= from && position < to)?.[0];
}

/** The fields of the line at hand; one array for all lines. */
const fields: Field[] = [];

/** @returns why the line is refused, if it is */
function addLine(
  catalog: Catalog,
  lines: LineReader,
  seq: number,
  aheadFrom: number | undefined,
  sorted: SortedBatch,
): string | undefined {
  const known = catalog.series.get(lines.prefix);
  const table = known?.table ?? catalog.tableFor(lines.prefix.slice(0, lines.prefix.indexOf(',')));
  for (let index = 0; index < lines.fieldCount; index++) {
    const kind = lines.kinds[index]!;
    // Lines of a type mostly have the same fields in the same order: looking there first saves 60 ns a field.
    const guess = table.fields[index];
    const field = guess?.name === lines.keys[index] ? guess! : catalog.fieldFor(table, lines.keys[index]!, kind);
    if (field.kind !== kind) return `field "${field.name}" is ${field.kind}, not ${kind}`;
    if (isBeyondInt64(lines.values[index]!)) return `field "${field.name}" is beyond 64 bits`;
    fields[index] = field;
  }
  const series = known ?? catalog.seriesFor(lines.prefix, table);
  const isNewest =
    aheadFrom === undefined ? series.advance(lines.ms, lines.ns) : series.advanceAhead(lines.ms, lines.ns, aheadFrom);
  const isAlone = isNewest || series.fill(lines.ms, lines.ns);
  const rows = rowsOf(isAlone ? sorted.main : sorted.late, table);
  rows.addRow(lines.ms, lines.ns, seq, series.id);
  for (let index = 0; index < lines.fieldCount; index++) {
    rows.setField(fields[index]!.ordinal, fields[index]!.kind, lines.values[index]!);
  }
  return undefined;
}

function isBeyondInt64(value: FieldValue): boolean {
  return typeof value === 'bigint' && BigInt.asIntN(64, value) !== value;
}

function rowsOf(buffers: Map<Table, RowBuffer>, table: Table): RowBuffer {
  let rows = buffers.get(table);
  if (!rows) buffers.set(table, (rows = new RowBuffer()));
  return rows;
}
