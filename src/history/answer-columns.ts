/** The columns of an answer, whatever its form, and the cells that a row has in them. */
import type { Tags } from '../domain/reading.js';
import type { Cell } from '../ports/history-store.js';
import type { HistoryQuery } from './query.js';
import type { HistoryRow, ValueColumn } from './row.js';

export class AnswerColumns {
  /** `ts`, `device`, `type`, a `tag.KEY` for each tag, and the columns of values. */
  readonly names: string[];
  readonly values: readonly ValueColumn[];
  readonly #device: boolean;
  readonly #type: boolean;
  readonly #tags: readonly string[];
  /** For each shape of row, where in it the value columns are found. */
  readonly #places = new Map<readonly ValueColumn[], number[]>();

  /** @param tags their keys, where rows are grouped by all tags */
  constructor({ buckets }: HistoryQuery, tags: readonly string[], values: readonly ValueColumn[]) {
    const group = buckets?.group ?? { device: true, type: true, tags: 'all' as const };
    this.#device = group.device;
    this.#type = group.type;
    this.#tags = group.tags === 'all' ? tags : group.tags;
    this.values = values;
    this.names = [
      'ts',
      ...(this.#device ? ['device'] : []),
      ...(this.#type ? ['type'] : []),
      ...this.#tags.map((key) => `tag.${key}`),
      ...values.map(({ name }) => name),
    ];
  }

  /** All cells but the time, behind what `cells` has already. */
  cellsOf(row: HistoryRow, cells: Cell[] = []): Cell[] {
    if (this.#device) cells.push(row.device);
    if (this.#type) cells.push(row.type);
    for (const key of this.#tags) cells.push(tagOf(row.tags, key));
    for (const place of this.#placesIn(row.columns)) cells.push(row.cells[place] ?? null);
    return cells;
  }

  #placesIn(columns: readonly ValueColumn[]): number[] {
    let places = this.#places.get(columns);
    if (!places) {
      places = this.values.map(({ name }) => columns.findIndex((column) => column.name === name));
      this.#places.set(columns, places);
    }
    return places;
  }
}

function tagOf(tags: Tags, key: string): string | null {
  return Object.hasOwn(tags, key) ? tags[key]! : null;
}
