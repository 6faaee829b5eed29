/**
 * Where history lives. A store has a writer, fed by the delivery from the spool, and a reader, asked by `src/history/`,
 * which plans every query once for all stores: a store only scans, and aggregates between given edges.
 */
import type { AggregateFunction } from '../domain/accumulator.js';
import type { Kind, Tags } from '../domain/reading.js';
import type { DeliveryState, Run } from './delivery-state.js';

export type { DeliveryState, Run } from './delivery-state.js';

export interface WriteBatch {
  /**
   * Normalized lines (see domain/line.ts), UTF-8, in the order of `runs`. The store leaves it as it is, and looks at it no
   * more once it has answered: the memory is used again.
   */
  payload: Uint8Array;
  runs: Run[];
  /** Readings in all runs. 0 means: only the state is to be kept. */
  count: number;
}

export type WriteResult =
  | { outcome: 'stored' }
  /** Nothing is known to be stored; the same batch may be sent again later. */
  | { outcome: 'temporary'; reason: string; retryAfterMs?: number }
  /** The store will never take this batch as it is; which of its readings are at fault is not known. */
  | { outcome: 'permanent'; reason: string }
  /**
   * These lines (index in the batch) will never be taken; all others are stored. A store that keeps the state does not keep
   * it with such a batch: it is written on its own once the refused lines are safe elsewhere.
   */
  | { outcome: 'partial'; refused: { index: number; reason: string }[] };

export type RemoveResult =
  | { outcome: 'removed' }
  /** Nothing is known of what is deleted; the same may be asked again later. */
  | { outcome: 'temporary'; reason: string; retryAfterMs?: number }
  /** This store cannot delete the readings of a device. */
  | { outcome: 'permanent'; reason: string };

export interface HistoryWriter {
  /** Whether `write` keeps `state` in the same transaction as the rows; else the spool keeps it, after the write. */
  readonly keepsDeliveryState: boolean;
  /** The state that the store keeps; null when it keeps none, or none yet. */
  deliveryState(): Promise<DeliveryState | null>;
  /**
   * This very batch is likely to be written before long. A store may get it ready while it still writes the one before;
   * nobody sees anything of it. It holds one at most: another takes its place.
   */
  prepare(batch: WriteBatch): void;
  /** Idempotent: writing a batch twice is as writing it once. `state` is the state after this batch. */
  write(batch: WriteBatch, state: DeliveryState): Promise<WriteResult>;
  /** Deletes readings older than `beforeMs`; a store with a policy of its own does nothing. */
  retain(beforeMs: number): Promise<void>;
  /** Deletes all readings of a device, of every type. What is written later stays. */
  remove(device: string): Promise<RemoveResult>;
}

export interface FieldColumn {
  name: string;
  kind: Kind;
}

/** What is asked of one type. */
export interface TypeColumns {
  type: string;
  fields: FieldColumn[];
}

/** Which series: every given condition has to hold. A pattern is an exact name or has `*` in it. */
export interface SeriesSelection {
  devices?: readonly string[] | undefined;
  tags?: Readonly<Record<string, string>> | undefined;
}

/** The place of a row in the order of an answer: by time, then type, device and tags (`seriesKey`). */
export interface RowKey {
  ts: bigint;
  /** The series' prefix (domain/line.ts), compared by code point. */
  series: string;
}

export interface ScanQuery {
  columns: TypeColumns[];
  series: SeriesSelection;
  /** Nanoseconds; `from` included, `to` not. */
  from: bigint;
  to: bigint;
  order: 'asc' | 'desc';
  /** Rows wanted at most; absent for all of them. */
  limit?: number | undefined;
  /** Only rows behind this key, in the order asked for. */
  after?: RowKey | undefined;
  /** Only readings accepted before this position; a reader that does not know positions takes no notice. */
  before?: number | undefined;
}

export type Cell = number | bigint | boolean | string | null;

export interface ScanRow {
  ts: bigint;
  type: string;
  device: string;
  tags: Tags;
  /** The series' prefix. */
  series: string;
  /** One cell for each field that `columns` names for this row's type, in that order. Never all null. */
  cells: Cell[];
}

export { aggregateFunctions, type AggregateFunction } from '../domain/accumulator.js';

export interface AggregateQuery {
  columns: TypeColumns[];
  series: SeriesSelection;
  /** Ascending, in nanoseconds: bucket b is from edge b (included) to edge b + 1 (excluded). */
  edges: bigint[];
  /** Which parts of the series make the groups; a part that is not named is merged over. */
  group: { device: boolean; type: boolean; tags: 'all' | readonly string[] };
  /** For each field and function that makes sense for its kind: one cell of the answer, in this order. */
  cells: { field: string; fn: AggregateFunction }[];
}

export interface AggregateRow {
  /** Index of the bucket. */
  bucket: number;
  /** Null where it is not grouped by. */
  device: string | null;
  type: string | null;
  tags: Tags;
  cells: Cell[];
}

/** A series with its newest value of each field, by event time; among equal times the last accepted. */
export interface NewestOfSeries {
  type: string;
  device: string;
  tags: Tags;
  fields: { name: string; kind: Kind; value: Exclude<Cell, null>; ts: bigint }[];
}

export interface HistoryReader {
  /** Whether it can tell the readings that were accepted before a position from those after it. */
  readonly knowsPositions: boolean;
  /**
   * What was accepted before this position can be asked for (`before`) until the returned function is called, whatever comes
   * later. To be called before anything of a later position is written; does nothing where positions are not known.
   */
  hold(position: number): () => void;
  /** Types with their fields and kinds, as the store has them. */
  kinds(): Promise<TypeColumns[]>;
  /** Rows in order, in chunks; merged by field where readings share an identity. Unknown types and fields give no rows. */
  scan(query: ScanQuery): AsyncIterable<ScanRow[]>;
  /** Rows with at least one value, in order of bucket; the order of groups within a bucket is free. */
  aggregate(query: AggregateQuery): AsyncIterable<AggregateRow[]>;
  /** Every series with its newest values, to seed a catalog. */
  newest(): AsyncIterable<NewestOfSeries[]>;
}

export interface HistoryStore {
  readonly name: 'duckdb' | 'influxdb';
  readonly writer: HistoryWriter;
  readonly reader: HistoryReader;
  /** Opens it, or begins to; a server that is away is no error. @throws when it can never work (a wrong path, say) */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Thrown by a reader whose store does not answer now. */
export class StoreAway extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'StoreAway';
  }
}
