/**
 * Aggregation over rows between given edges, in the plain way: for a store that cannot do it itself, and as the measure
 * for one that can.
 *
 * Rows come in order of time. A bucket is given out when the first row behind it comes, so no more than one bucket is held.
 */
import { Accumulator, type AggregateFunction, makesSenseFor } from './accumulator.js';
import { encodePrefix } from './line.js';
import type { FieldValue, Kind, Tags } from './reading.js';

interface TypeColumns {
  type: string;
  fields: readonly { name: string; kind: Kind }[];
}

export interface Aggregation {
  columns: readonly TypeColumns[];
  /** Ascending, in nanoseconds: bucket b is from edge b (included) to edge b + 1 (excluded). */
  edges: readonly bigint[];
  /** Which parts of the series make the groups; a part that is not named is merged over. */
  group: { device: boolean; type: boolean; tags: 'all' | readonly string[] };
  /** A value whose kind a function makes no sense for counts as absent there. */
  cells: readonly { field: string; fn: AggregateFunction }[];
}

/** `cells` are the fields that `columns` names for the row's type, in that order. */
export interface ObservedRow {
  ts: bigint;
  type: string;
  device: string;
  tags: Tags;
  series: string;
  cells: readonly (FieldValue | null)[];
}

export interface AggregatedRow {
  bucket: number;
  device: string | null;
  type: string | null;
  tags: Tags;
  cells: (FieldValue | null)[];
}

/** Rows outside the edges are left out. @returns the groups of one bucket at a time, in order of buckets */
export async function* aggregateRows(
  chunks: AsyncIterable<readonly ObservedRow[]>,
  aggregation: Aggregation,
): AsyncGenerator<AggregatedRow[]> {
  const { edges } = aggregation;
  const bucket = new Bucket(aggregation);
  let index = 0;
  for await (const chunk of chunks) {
    for (const row of chunk) {
      if (row.ts < edges[0]!) continue;
      if (row.ts >= edges[index + 1]!) {
        if (!bucket.isEmpty) yield bucket.take(index);
        while (index + 1 < edges.length && row.ts >= edges[index + 1]!) index++;
        if (index + 1 >= edges.length) return;
      }
      bucket.add(row);
    }
  }
  if (!bucket.isEmpty) yield bucket.take(index);
}

interface Group {
  device: string | null;
  type: string | null;
  tags: Tags;
  /** One for each cell; cells of one field share theirs where the same kinds make sense. */
  accumulators: Accumulator[];
}

/** Where the values of one column of a type go. */
interface Target {
  column: number;
  kind: Kind;
  slots: number[];
}

class Bucket {
  readonly #aggregation: Aggregation;
  /** Each slot collects one field for functions that take the same kinds. */
  readonly #slots: { field: string; functions: AggregateFunction[]; numbersOnly: boolean }[] = [];
  readonly #slotOfCell: number[] = [];
  readonly #targets = new Map<string, Target[]>();
  /** Series to group: a series is told to its group once a bucket, not once a row. */
  readonly #groupOfSeries = new Map<string, Group>();
  #groups = new Map<string, Group>();

  constructor(aggregation: Aggregation) {
    this.#aggregation = aggregation;
    for (const { field, fn } of aggregation.cells) this.#slotOfCell.push(this.#slotFor(field, fn));
    for (const { type, fields } of aggregation.columns) {
      const targets = fields.map(({ name, kind }, column) => ({ column, kind, slots: this.#slotsOf(name, kind) }));
      this.#targets.set(
        type,
        targets.filter((target) => target.slots.length > 0),
      );
    }
  }

  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  add(row: ObservedRow): void {
    for (const { column, kind, slots } of this.#targets.get(row.type) ?? []) {
      const value = row.cells[column];
      if (value === null || value === undefined) continue;
      const { accumulators } = this.#groupFor(row);
      for (const slot of slots) accumulators[slot]!.add(value, kind);
    }
  }

  take(bucket: number): AggregatedRow[] {
    const rows = [...this.#groups.values()].map(({ device, type, tags, accumulators }) => ({
      bucket,
      device,
      type,
      tags,
      cells: this.#aggregation.cells.map(({ fn }, cell) => accumulators[this.#slotOfCell[cell]!]!.result(fn)),
    }));
    this.#groups = new Map();
    this.#groupOfSeries.clear();
    return rows;
  }

  #slotFor(field: string, fn: AggregateFunction): number {
    const numbersOnly = !makesSenseFor(fn, 'string');
    let slot = this.#slots.findIndex((slot) => slot.field === field && slot.numbersOnly === numbersOnly);
    if (slot < 0) slot = this.#slots.push({ field, functions: [], numbersOnly }) - 1;
    this.#slots[slot]!.functions.push(fn);
    return slot;
  }

  #slotsOf(field: string, kind: Kind): number[] {
    const isNumber = makesSenseFor('mean', kind);
    return this.#slots.flatMap((slot, index) =>
      slot.field === field && (isNumber || !slot.numbersOnly) ? [index] : [],
    );
  }

  #groupFor(row: ObservedRow): Group {
    let group = this.#groupOfSeries.get(row.series);
    if (group) return group;
    const identity = groupOf(row, this.#aggregation.group);
    const key = encodePrefix(identity.type ?? '', identity.device ?? '', identity.tags);
    group = this.#groups.get(key);
    if (!group) {
      group = { ...identity, accumulators: this.#slots.map(({ functions }) => new Accumulator(functions)) };
      this.#groups.set(key, group);
    }
    this.#groupOfSeries.set(row.series, group);
    return group;
  }
}

function groupOf(row: ObservedRow, group: Aggregation['group']): Pick<Group, 'device' | 'type' | 'tags'> {
  const keys = group.tags === 'all' ? Object.keys(row.tags) : group.tags;
  const tags: Record<string, string> = {};
  for (const key of keys) if (Object.hasOwn(row.tags, key)) tags[key] = row.tags[key]!;
  return { device: group.device ? row.device : null, type: group.type ? row.type : null, tags };
}
