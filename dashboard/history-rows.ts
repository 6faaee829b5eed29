/** Rows of `/v1/history` as readings: what is null in a row is not in the reading. */
import type { HistoryPage } from '../src/domain/generated/answers.js';
import type { Reading } from '../src/domain/reading.js';

const identity = new Set(['ts', 'device', 'type']);

export function seriesRows({ columns, rows }: HistoryPage): Pick<Reading, 'type' | 'tags' | 'ts' | 'fields'>[] {
  const tsAt = columns.indexOf('ts');
  const typeAt = columns.indexOf('type');
  const tagsAt = placesOf(columns, (column) => column.startsWith('tag.'));
  const fieldsAt = placesOf(columns, (column) => !column.startsWith('tag.') && !identity.has(column));
  return rows.map((row) => ({
    ts: Number(row[tsAt]),
    type: String(row[typeAt]),
    tags: valuesAt(row, tagsAt, (column) => column.slice('tag.'.length)) as Record<string, string>,
    fields: valuesAt(row, fieldsAt, (column) => column),
  }));
}

function placesOf(columns: readonly string[], wanted: (column: string) => boolean): [column: string, place: number][] {
  return columns.flatMap((column, place) => (wanted(column) ? [[column, place] as [string, number]] : []));
}

function valuesAt(
  row: HistoryPage['rows'][number],
  places: readonly [column: string, place: number][],
  nameOf: (column: string) => string,
): Reading['fields'] {
  const values: Reading['fields'] = {};
  for (const [column, place] of places) {
    const value = row[place];
    if (value !== null && value !== undefined) values[nameOf(column)] = value;
  }
  return values;
}
