/** Gives every group a row in every bucket of the range, and its empty cells what `fill` says. */
import { compareByCodePoint } from '../domain/code-point-order.js';
import type { Cell } from '../ports/history-store.js';
import type { Fill } from './query.js';
import type { BucketRow } from './row.js';

/** @param rows in order of buckets */
export function fillRows(rows: BucketRow[], starts: readonly bigint[], fill: Exclude<Fill, 'none'>): BucketRow[] {
  const groups = new Map<string, BucketRow[]>();
  for (const row of rows) {
    let group = groups.get(row.series);
    if (!group) groups.set(row.series, (group = starts.map((ts, bucket) => emptyRow(row, ts, bucket))));
    group[row.bucket] = row;
  }
  const inOrder = [...groups.values()].sort((a, b) => compareByCodePoint(a[0]!.series, b[0]!.series));
  for (const group of inOrder) fillGroup(group, fill);
  return starts.flatMap((_, bucket) => inOrder.map((group) => group[bucket]!));
}

function emptyRow(row: BucketRow, ts: bigint, bucket: number): BucketRow {
  return { ...row, ts, bucket, cells: row.cells.map(() => null) };
}

function fillGroup(group: BucketRow[], fill: Exclude<Fill, 'none'>): void {
  if (fill === 'null') return;
  for (let cell = 0; cell < group[0]!.cells.length; cell++) {
    if (fill === 'previous') carryOn(group, cell);
    else interpolate(group, cell);
  }
}

function carryOn(group: BucketRow[], cell: number): void {
  let value: Cell = null;
  for (const { cells } of group) {
    value = cells[cell] ?? value;
    cells[cell] = value;
  }
}

/** Along the straight line between the starts of the buckets around; nothing before the first value and behind the last. */
function interpolate(group: BucketRow[], cell: number): void {
  let before = -1;
  for (let at = 0; at < group.length; at++) {
    if (numberAt(group, at, cell) === undefined) continue;
    if (before >= 0) fillBetween(group, cell, before, at);
    before = at;
  }
}

function fillBetween(group: BucketRow[], cell: number, before: number, behind: number): void {
  const start = group[before]!.ts;
  const length = Number(group[behind]!.ts - start);
  const first = numberAt(group, before, cell)!;
  const rise = numberAt(group, behind, cell)! - first;
  for (const { ts, cells } of group.slice(before + 1, behind))
    cells[cell] = first + (rise * Number(ts - start)) / length;
}

function numberAt(group: BucketRow[], at: number, cell: number): number | undefined {
  const value = group[at]!.cells[cell];
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}
