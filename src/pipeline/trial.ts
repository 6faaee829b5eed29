/**
 * Tries batches out, one after the other: each gets the receipt that it would get now. Nothing of them is kept; what one
 * teaches, those behind it know, and nobody else.
 */
import type { Batch } from '../domain/batch.js';
import type { Refusal } from '../domain/refusal.js';
import type { Catalog } from '../ports/catalog.js';
import type { Clock } from '../ports/clock.js';
import type { Accepted, BatchTaker } from './batch-taker.js';
import { Gathered } from './gathered.js';
import type { Encoding, Ingest } from './ingest.js';
import { Normalizer } from './normalize.js';
import { receiptOf } from './outcome.js';
import { Rehearsal } from './rehearsal.js';

export class Trial implements BatchTaker {
  readonly keeps = false;
  readonly #ingest: Ingest;
  readonly #normalizer: Normalizer;
  readonly #type: string;

  /** @param type of readings that do not name theirs */
  constructor(ingest: Ingest, rooms: { catalog: Catalog; clock: Clock }, type: string) {
    this.#ingest = ingest;
    this.#normalizer = new Normalizer(new Rehearsal(rooms.catalog), rooms.clock);
    this.#type = type;
  }

  get maxBatchReadings(): number {
    return this.#ingest.maxBatchReadings;
  }

  decode(bytes: Buffer, encoding: Encoding): Batch | Refusal {
    return this.#ingest.decode(bytes, encoding);
  }

  /** It takes no room. */
  refusal(): undefined {
    return undefined;
  }

  async accept(batch: Batch): Promise<Accepted> {
    batch.type ??= this.#type;
    return { receipt: receiptOf(batch, this.#normalizer.normalize(batch, new Gathered(0))), end: 0 };
  }
}
