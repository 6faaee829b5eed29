/**
 * Reads the next records of a backlog while the store writes those before. What is durable does not change, so what was
 * read early is what would be read late. Only whole batches are read early: what is still growing is read when it is due.
 */
import type { Spool, SpoolRecord } from '../ports/spool.js';

export class ReadAhead {
  readonly #spool: Spool;
  readonly #batchBytes: number;
  #next: { from: number; records: Promise<SpoolRecord[]> } | undefined;

  constructor(spool: Spool, batchBytes: number) {
    this.#spool = spool;
    this.#batchBytes = batchBytes;
  }

  /** Durable records from the one that holds `from` on, about a batch of them. */
  async read(from: number): Promise<SpoolRecord[]> {
    const next = this.#next;
    this.#next = undefined;
    const early = next?.from === from ? await next.records : [];
    // Where nothing could be read, there may be something by now.
    return early.length > 0 ? early : this.#spool.read(from, this.#batchBytes);
  }

  /** Begins to read the batch at `from`, where there is more than one behind the `dueBytes` that are being written. */
  prepare(from: number, dueBytes: number): void {
    if (this.#spool.status().pendingBytes < dueBytes + 2 * this.#batchBytes) return;
    const records = this.#spool.read(from, this.#batchBytes);
    // It is looked at when the batch is due, and perhaps never.
    records.catch(() => undefined);
    this.#next = { from, records };
  }
}
