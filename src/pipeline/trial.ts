/**
 * Tries batches out, one after the other: each gets the receipt that it would get now. Nothing of them is kept; what one
 * teaches, those behind it know, and nobody else.
 */
import type { Encoding } from '../codecs/codec.js';
import type { Codecs } from '../codecs/codecs.js';
import type { Batch } from '../domain/batch.js';
import type { Refusal } from '../domain/refusal.js';
import type { Catalog } from '../ports/catalog.js';
import type { Clock } from '../ports/clock.js';
import type { Accepted, BatchTaker } from './batch-taker.js';
import { Gathered } from './gathered.js';
import { Normalizer } from './normalize.js';
import { receiptOf } from './outcome.js';
import { Rehearsal } from './rehearsal.js';

export interface TrialRooms {
  codecs: Codecs;
  catalog: Catalog;
  clock: Clock;
  maxBatchReadings: number;
}

export class Trial implements BatchTaker {
  readonly keeps = false;
  readonly maxBatchReadings: number;
  readonly #codecs: Codecs;
  readonly #normalizer: Normalizer;
  readonly #type: string;

  /** @param type of readings that do not name theirs */
  constructor({ codecs, catalog, clock, maxBatchReadings }: TrialRooms, type: string) {
    this.maxBatchReadings = maxBatchReadings;
    this.#codecs = codecs;
    this.#normalizer = new Normalizer(new Rehearsal(catalog), clock);
    this.#type = type;
  }

  decode(bytes: Buffer, encoding: Encoding): Batch | Refusal {
    return this.#codecs.decode(bytes, encoding, this.maxBatchReadings);
  }

  /** It takes no room. */
  refusal(): undefined {
    return undefined;
  }

  async accept(batch: Batch): Promise<Accepted> {
    batch.type ??= this.#type;
    return { receipt: receiptOf(batch, this.#normalizer.normalize(batch, new Gathered())), end: 0 };
  }
}
