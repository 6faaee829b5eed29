/**
 * What the main thread and the worker say to each other. Every question has an id and gets one answer. A query is asked
 * for once and then pulled, chunk by chunk, with `next`: the worker never runs ahead of its reader.
 */
import type {
  AggregateQuery,
  DeliveryState,
  NewestOfSeries,
  ScanQuery,
  TypeColumns,
  WriteBatch,
  WriteResult,
} from '../../ports/history-store.js';
import type { AggregateChunk } from './aggregate.js';
import type { ScanChunk } from './scan.js';

/** Name of a question: what is asked, and what is answered. */
export interface Calls {
  open: { ask: object; answer: null };
  /** A batch that is likely to be written before long: then it need not be sent again. */
  prepare: { ask: { batch: WriteBatch }; answer: null };
  write: { ask: { batch: WriteBatch | 'prepared'; state: DeliveryState }; answer: WriteResult };
  /** The lowest position before which readings are asked for. */
  hold: { ask: { position: number | undefined }; answer: null };
  retain: { ask: { beforeMs: number }; answer: null };
  remove: { ask: { device: string }; answer: null };
  deliveryState: { ask: object; answer: DeliveryState | null };
  kinds: { ask: object; answer: TypeColumns[] };
  /** Begins a query, which is named by this number from then on, and gives its first chunk: most answers have one. */
  query: { ask: { query: number } & Query; answer: QueryChunk | null };
  next: { ask: { query: number }; answer: QueryChunk | null };
  /** The reader wants no more; harmless after the end. */
  cancel: { ask: { query: number }; answer: null };
  stop: { ask: object; answer: null };
}

export type CallName = keyof Calls;

export type Query =
  { kind: 'scan'; scan: ScanQuery } | { kind: 'aggregate'; aggregate: AggregateQuery } | { kind: 'newest' };

/** What each query is answered with. */
export interface QueryChunks {
  scan: ScanChunk;
  aggregate: AggregateChunk;
  newest: NewestOfSeries[];
}

export type QueryChunk = QueryChunks[keyof QueryChunks];

export type Question = { [N in CallName]: { id: number; call: N } & Calls[N]['ask'] }[CallName];

export type Answer = { id: number; value: Calls[CallName]['answer'] } | { id: number; error: string };
