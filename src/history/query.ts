/** What a history request asks for, once its parameters are understood. All stores are asked from this. */
import type { Precision } from '../domain/reading.js';
import type {
  AggregateFunction,
  AggregateQuery,
  RowKey,
  SeriesSelection,
  TypeColumns,
} from '../ports/history-store.js';

export type Order = 'asc' | 'desc';
export type Fill = 'none' | 'null' | 'previous' | 'linear';
export type Format = 'json' | 'ndjson' | 'csv' | 'parquet';
export type Group = AggregateQuery['group'];

/** `every=1d&fn=mean,max&group=device&fill=null&tz=Europe/Berlin` */
export interface BucketQuery {
  /** Where each bucket begins, aligned to the clock, in nanoseconds, ascending; the first may lie before `from`. */
  starts: bigint[];
  functions: AggregateFunction[];
  group: Group;
  fill: Fill;
}

export interface HistoryQuery {
  /** The types and fields that are asked for and known. */
  columns: TypeColumns[];
  /** Fields that the request names one by one: they have a column even where they have no value. */
  namedFields: ReadonlySet<string>;
  series: SeriesSelection;
  /** Nanoseconds; `from` included, `to` not. */
  from: bigint;
  to: bigint;
  order: Order;
  /** As the request says; absent where it leaves it to the form of the answer. */
  limit: number | undefined;
  /** Only rows behind this one; from the cursor. */
  after: RowKey | undefined;
  /** Absent for rows as they were stored. */
  buckets: BucketQuery | undefined;
  maxPoints: number | undefined;
  precision: Precision;
  /** As the parameter says; absent where the client leaves it to its `Accept`. */
  format: Format | undefined;
  /** Stands for all that decides which rows there are and in which order; a cursor is good for its own only. */
  fingerprint: string;
  /** Whether readings that come from now on can still be in the range. */
  touchesNow: boolean;
}
