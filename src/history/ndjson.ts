/**
 * History as NDJSON: an object a row, with the names that the columns of JSON have, and only what the row has.
 *
 *     {"ts":1700000000000,"device":"boiler-7","type":"machine","tag.site":"lyon","temperature":73.9}
 */
import type { Tags } from '../domain/reading.js';
import type { HistoryReader } from '../ports/history-store.js';
import { timeIn } from './answer-time.js';
import { exportRows } from './export-rows.js';
import { jsonCell } from './json-answer.js';
import type { HistoryQuery } from './query.js';
import type { HistoryRow, ValueColumn } from './row.js';

/** Series whose text is kept, so that it need not be made for each row. */
const maxKept = 10_000;

export async function* ndjsonText(query: HistoryQuery, reader: HistoryReader): AsyncGenerator<string> {
  const names = new Names();
  for await (const rows of exportRows(query, reader)) {
    let text = '';
    for (const row of rows) {
      const ts = timeIn(row.ts, query.precision);
      text += `{"ts":${typeof ts === 'string' ? `"${ts}"` : ts}${names.ofSeries(row)}`;
      const fields = names.ofFields(row);
      for (let at = 0; at < fields.length; at++) {
        const cell = row.cells[at] ?? null;
        if (cell !== null) text += `,${fields[at]}:${JSON.stringify(jsonCell(cell))}`;
      }
      text += '}\n';
    }
    yield text;
  }
}

/** What many rows have in common, as JSON. */
class Names {
  readonly #series = new Map<string, string>();
  readonly #fields = new Map<readonly ValueColumn[], string[]>();

  ofSeries({ series, device, type, tags }: HistoryRow): string {
    let text = this.#series.get(series);
    if (text === undefined) {
      const parts = { ...(device === null ? {} : { device }), ...(type === null ? {} : { type }) };
      const named = Object.entries(tags).map(([key, value]) => [`tag.${key}`, value]);
      text = JSON.stringify({ ...parts, ...Object.fromEntries(named) }).slice(1, -1);
      if (text !== '') text = `,${text}`;
      if (this.#series.size >= maxKept) this.#series.clear();
      this.#series.set(series, text);
    }
    return text;
  }

  ofFields({ columns, tags }: HistoryRow): string[] {
    let names = this.#fields.get(columns);
    if (!names) this.#fields.set(columns, (names = columns.map(({ name }) => JSON.stringify(name))));
    // A field may be called as a tag of the row is; then it gets `_` appended, as in CSV.
    if (!columns.some(({ name }) => isTagOf(tags, name))) return names;
    return columns.map(({ name }) => JSON.stringify(isTagOf(tags, name) ? `${name}_` : name));
  }
}

function isTagOf(tags: Tags, name: string): boolean {
  return name.startsWith('tag.') && Object.hasOwn(tags, name.slice('tag.'.length));
}
