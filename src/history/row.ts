/** A row of an answer, whichever way it came about: as stored, thinned, or a bucket of a group. */
import type { AggregateFunction, Cell, RowKey } from '../ports/history-store.js';
import type { Tags } from '../domain/reading.js';

/** A column of values: `temperature`, or of the same field `temperature_mean`. */
export interface ValueColumn {
  name: string;
  field: string;
  /** Absent for values as they were stored. */
  fn?: AggregateFunction;
}

export interface HistoryRow extends RowKey {
  /** Null where it is not grouped by; so is `type`. */
  device: string | null;
  type: string | null;
  tags: Tags;
  /** What `cells` are, in order. One array for all rows of a type. */
  columns: readonly ValueColumn[];
  cells: Cell[];
}

/** A row of a bucket, which is known by its place among the buckets too. */
export interface BucketRow extends HistoryRow {
  bucket: number;
}
