/**
 * History as JSON: `{"columns":["ts","device","type","tag.site","temperature"],"rows":[[…]],"next":null,"truncated":false}`
 *
 * There is a column for each tag and each field that the rows of the answer have, or that the request names; what a row does
 * not have is null in it.
 */
import { compareByCodePoint } from '../domain/code-point-order.js';
import type { Tags } from '../domain/reading.js';
import type { Cell, HistoryReader } from '../ports/history-store.js';
import { AnswerColumns } from './answer-columns.js';
import { historyRows, valueColumns } from './answer-rows.js';
import { timeIn } from './answer-time.js';
import { encodeCursor } from './cursor.js';
import type { HistoryQuery } from './query.js';
import type { HistoryRow, ValueColumn } from './row.js';

/** Rows of a page, unless the request says. */
export const defaultLimit = 1000;

export type JsonCell = number | string | boolean | null;

export interface HistoryAnswer {
  columns: string[];
  rows: JsonCell[][];
  /** The cursor of what follows; null at the end. */
  next: string | null;
  truncated: boolean;
}

/** @throws StoreAway, and Refusal `invalid_parameter` when the answer would have to hold too many rows at once */
export async function answerHistory(query: HistoryQuery, reader: HistoryReader): Promise<HistoryAnswer> {
  const rows = await firstRows(query, reader);
  const limit = query.limit ?? defaultLimit;
  const truncated = rows.length > limit;
  if (truncated) rows.length = limit;
  const columns = columnsOf(query, rows);
  return {
    columns: columns.names,
    rows: rows.map((row) => jsonCells(columns.cellsOf(row, [timeIn(row.ts, query.precision)]))),
    next: truncated ? encodeCursor({ ...query, after: rows.at(-1)! }) : null,
    truncated,
  };
}

/** One more than the limit, which tells whether anything follows. */
async function firstRows(query: HistoryQuery, reader: HistoryReader): Promise<HistoryRow[]> {
  const wanted = (query.limit ?? defaultLimit) + 1;
  const rows: HistoryRow[] = [];
  for await (const chunk of historyRows(query, reader, wanted)) {
    for (const row of chunk) if (rows.length < wanted) rows.push(row);
    if (rows.length === wanted) break;
  }
  return rows;
}

function columnsOf(query: HistoryQuery, rows: readonly HistoryRow[]): AnswerColumns {
  const fields = fieldsWithValues(rows);
  const values = valueColumns(query).filter(({ field }) => fields.has(field) || query.namedFields.has(field));
  return new AnswerColumns(query, tagKeysOf(rows), values);
}

function tagKeysOf(rows: readonly HistoryRow[]): string[] {
  const keys = new Set<string>();
  let known: Tags | undefined;
  for (const { tags } of rows) {
    // Rows of one series mostly come one after the other.
    if (tags === known) continue;
    for (const key of Object.keys(tags)) keys.add(key);
    known = tags;
  }
  return [...keys].sort(compareByCodePoint);
}

function fieldsWithValues(rows: readonly HistoryRow[]): Set<string> {
  const seen = new Map<readonly ValueColumn[], boolean[]>();
  for (const { columns, cells } of rows) {
    let has = seen.get(columns);
    if (!has) seen.set(columns, (has = []));
    for (let at = 0; at < cells.length; at++) if (cells[at] !== null) has[at] = true;
  }
  const fields = new Set<string>();
  for (const [columns, has] of seen) for (const [at, { field }] of columns.entries()) if (has[at]) fields.add(field);
  return fields;
}

/** In place: a copy for each row would cost as much as the row. */
function jsonCells(cells: Cell[]): JsonCell[] {
  for (let at = 0; at < cells.length; at++) cells[at] = jsonCell(cells[at]!);
  return cells as JsonCell[];
}

/** Integers beyond 2^53 are strings. */
export function jsonCell(value: Cell): JsonCell {
  return typeof value === 'bigint' ? value.toString() : value;
}
