/**
 * Reads the next batch of a backlog while the store writes the one before, and lets the store get it ready. What is durable
 * does not change, so what was read early is what would be read late. Only whole batches are read early: what is still
 * growing is read when it is due.
 */
import { ReusedBytes } from '../domain/reused-bytes.js';
import type { DeliveryState } from '../ports/delivery-state.js';
import type { HistoryWriter, WriteBatch } from '../ports/history-store.js';
import type { Spool, SpoolRecord } from '../ports/spool.js';
import { joinRecords } from './part.js';

/** Durable records, and what of them is not delivered. */
export interface DueBatch {
  records: SpoolRecord[];
  batch: WriteBatch;
}

export class ReadAhead {
  readonly #rooms: { spool: Spool; writer: HistoryWriter };
  readonly #batchBytes: number;
  readonly #recordMemory = new ReusedBytes();
  /** In turn: one has the batch that is being written, the other the next. */
  #batchMemory = new ReusedBytes();
  #otherBatchMemory = new ReusedBytes();
  #next: { state: DeliveryState; due: Promise<DueBatch> } | undefined;

  constructor(rooms: { spool: Spool; writer: HistoryWriter }, batchBytes: number) {
    this.#rooms = rooms;
    this.#batchBytes = batchBytes;
  }

  /** What is due from `low` on, late records too. It is good until `take` is called again. */
  async take(state: DeliveryState): Promise<DueBatch> {
    const next = this.#next;
    this.#next = undefined;
    // Waited for also where it is not wanted: two reads must not share the memory.
    const early = await next?.due;
    const last = early?.records.at(-1);
    // Where nothing could be read, there may be something by now.
    if (!early || !last || next?.state.low !== state.low) return this.#read(state);
    const end = last.position + last.count;
    // What came to be delivered ahead of it meanwhile mostly lies far behind it.
    if (deliveredBefore(end, next.state) === deliveredBefore(end, state)) return early;
    return { records: early.records, batch: this.#join(early.records, state) };
  }

  /**
   * Begins to read the batch that is due next, where there is more than one behind the `dueBytes` that are being written.
   * @param state once these are delivered
   */
  prepare(state: DeliveryState, dueBytes: number): void {
    const { spool } = this.#rooms;
    if (spool.status().pendingBytes < dueBytes + 2 * this.#batchBytes) return;
    const due = this.#readEarly(state);
    // It is looked at when the batch is due, and perhaps never.
    due.catch(() => undefined);
    this.#next = { state, due };
  }

  async #read(state: DeliveryState): Promise<DueBatch> {
    const records = await this.#rooms.spool.read(state.low, this.#batchBytes, this.#recordMemory);
    return { records, batch: this.#join(records, state) };
  }

  #join(records: readonly SpoolRecord[], state: DeliveryState): WriteBatch {
    [this.#batchMemory, this.#otherBatchMemory] = [this.#otherBatchMemory, this.#batchMemory];
    return joinRecords(records, state, true, this.#batchMemory);
  }

  async #readEarly(state: DeliveryState): Promise<DueBatch> {
    const due = await this.#read(state);
    if (due.batch.count > 0) this.#rooms.writer.prepare(due.batch);
    return due;
  }
}

/** What of the ranges is before `end`, in a form that can be compared. */
function deliveredBefore(end: number, { ranges }: DeliveryState): string {
  return ranges.flatMap(([from, to]) => (from < end ? [`${from}-${Math.min(to, end)}`] : [])).join();
}
