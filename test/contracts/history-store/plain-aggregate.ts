/** Aggregates by their definitions, over all values at once; nothing of it is shared with what it checks. */
import type { AggregateFunction, AggregateQuery, AggregateRow, Cell } from '../../../src/ports/history-store.js';
import { cellOf, type Merged, type PlainStore } from './plain-store.js';

export function plainAggregate(store: PlainStore, query: AggregateQuery): AggregateRow[] {
  const rows: AggregateRow[] = [];
  for (let bucket = 0; bucket + 1 < query.edges.length; bucket++) {
    const readings = store.select(query.series, query.edges[bucket]!, query.edges[bucket + 1]!);
    for (const group of groupsOf(readings, query.group)) {
      const values = query.cells.map(({ field, fn }) => fit(fn, valuesOf(group.readings, field, query)));
      if (values.every((ofCell) => ofCell.length === 0)) continue;
      const cells = query.cells.map(({ fn }, cell) => aggregate(fn, values[cell]!));
      rows.push({ bucket, device: group.device, type: group.type, tags: group.tags, cells });
    }
  }
  return rows;
}

type Group = Pick<AggregateRow, 'device' | 'type' | 'tags'> & { readings: Merged[] };

function groupsOf(readings: readonly Merged[], by: AggregateQuery['group']): Group[] {
  const groups: Group[] = [];
  for (const reading of readings) {
    const device = by.device ? reading.device : null;
    const type = by.type ? reading.type : null;
    const named = Object.entries(reading.tags).filter(([key]) => by.tags === 'all' || by.tags.includes(key));
    const tags = Object.fromEntries(named);
    const group = groups.find(
      (group) => group.device === device && group.type === type && isSameTags(group.tags, tags),
    );
    if (group) group.readings.push(reading);
    else groups.push({ device, type, tags, readings: [reading] });
  }
  return groups;
}

function isSameTags(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

type Value = Exclude<Cell, null>;

function valuesOf(readings: readonly Merged[], field: string, query: AggregateQuery): Value[] {
  return readings.flatMap(({ type, fields }) => {
    const isAsked = query.columns.some(
      (column) => column.type === type && column.fields.some(({ name }) => name === field),
    );
    return isAsked && fields[field] !== undefined ? [fields[field]] : [];
  });
}

/** The values that the function makes sense for. */
function fit(fn: AggregateFunction, values: readonly Value[]): readonly Value[] {
  if (fn === 'count' || fn === 'first' || fn === 'last') return values;
  return values.filter((value) => typeof value === 'number' || typeof value === 'bigint');
}

function aggregate(fn: AggregateFunction, values: readonly Value[]): Cell {
  if (values.length === 0) return null;
  if (fn === 'count') return values.length;
  if (fn === 'first') return cellOf(values[0]);
  if (fn === 'last') return cellOf(values.at(-1));
  const integers = values.filter((value) => typeof value === 'bigint');
  return integers.length === values.length ? ofIntegers(fn, integers) : ofFloats(fn, values.map(Number));
}

function ofIntegers(fn: AggregateFunction, values: bigint[]): Cell {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : 1));
  const [min, max] = [sorted[0]!, sorted.at(-1)!];
  if (fn === 'min') return cellOf(min);
  if (fn === 'max') return cellOf(max);
  if (fn === 'spread') return cellOf(max - min);
  if (fn === 'sum') return cellOf(values.reduce((sum, value) => sum + value, 0n));
  if (fn === 'p50' || fn === 'p95' || fn === 'p99') return cellOf(sorted[rank(fn, values.length) - 1]);
  return ofFloats(fn, values.map(Number));
}

function ofFloats(fn: AggregateFunction, values: number[]): Cell {
  const sorted = [...values].sort((a, b) => a - b);
  const sum = values.reduce((sum, value) => sum + value, 0);
  const mean = sum / values.length;
  if (fn === 'sum') return sum;
  if (fn === 'mean') return mean;
  if (fn === 'min') return sorted[0]!;
  if (fn === 'max') return sorted.at(-1)!;
  if (fn === 'spread') return sorted.at(-1)! - sorted[0]!;
  if (fn !== 'stddev') return sorted[rank(fn, values.length) - 1]!;
  if (values.length === 1) return null;
  return Math.sqrt(values.reduce((squares, value) => squares + (value - mean) ** 2, 0) / (values.length - 1));
}

/** floor(n * p / 100 + 0.5), at least 1. */
function rank(fn: AggregateFunction, count: number): number {
  return Math.max(1, Math.floor((count * Number(fn.slice(1))) / 100 + 0.5));
}
