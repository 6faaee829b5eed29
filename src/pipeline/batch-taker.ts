import type { Encoding } from '../codecs/codec.js';
import type { Batch } from '../domain/batch.js';
import type { Receipt, Refusal } from '../domain/refusal.js';

export type { Encoding } from '../codecs/codec.js';

export interface Accepted {
  receipt: Receipt;
  /** Position behind the last accepted reading; what the store has to pass to have all of them. */
  end: number;
}

/** Where the batches of a body go: into the spool, or nowhere (trial.ts). */
export interface BatchTaker {
  readonly maxBatchReadings: number;
  /** Whether what it accepted stays, whatever becomes of the rest of a body. */
  readonly keeps: boolean;
  decode(bytes: Buffer, encoding: Encoding): Batch | Refusal;
  /** Why `bytes` more are not taken now; undefined when they are. */
  refusal(bytes: number): Refusal | undefined;
  accept(batch: Batch, bytes: number): Promise<Accepted | Refusal>;
}
