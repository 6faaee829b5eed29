/**
 * History as CSV by RFC 4180: a header line, CRLF behind each line, quotes around what needs them and doubled within.
 *
 *     ts,device,type,tag.site,temperature,state
 *     1700000000000,boiler-7,machine,lyon,73.9,ok
 *
 * Times are integers, as in JSON. What a row does not have is empty; an empty text is `""`. A text is given as it was sent,
 * also where a spreadsheet would take it for a formula (`=…`, `+…`, `-…`, `@…`): whoever opens it in one should import it as
 * text. Changing it would give programs, which read most of these files, another value than was measured.
 */
import type { KnownColumns } from '../ports/catalog.js';
import type { Cell, HistoryReader } from '../ports/history-store.js';
import { timeIn } from './answer-time.js';
import { ExportColumns } from './export-columns.js';
import { exportRows } from './export-rows.js';
import type { HistoryQuery } from './query.js';

const needsQuotes = /[",\r\n]|^\s|\s$|^$/;

/** @param known of the series asked for */
export async function* csvText(
  query: HistoryQuery,
  reader: HistoryReader,
  known: KnownColumns,
): AsyncGenerator<string> {
  const columns = new ExportColumns(query, known);
  const header = `${columns.names.map(textCell).join(',')}\r\n`;
  let isBegun = false;
  for await (const rows of exportRows(query, reader)) {
    let text = isBegun ? '' : header;
    isBegun = true;
    for (const row of rows) {
      text += timeIn(row.ts, query.precision);
      for (const cell of columns.cellsOf(row)) text += `,${csvCell(cell)}`;
      text += '\r\n';
    }
    yield text;
  }
  if (!isBegun) yield header;
}

function csvCell(value: Cell): string {
  if (typeof value === 'string') return textCell(value);
  // A sum beyond what a double holds is no number; JSON has null there.
  if (value === null || value === Infinity || value === -Infinity || Number.isNaN(value)) return '';
  return String(value);
}

function textCell(text: string): string {
  return needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
