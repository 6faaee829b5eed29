/**
 * A body of NDJSON, of any length: taken in block by block while it comes, with one receipt at the end. What is durable when
 * the body breaks off stays. Where there is no room, nothing more is read until there is; only when that lasts is the rest
 * refused.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { lineBlocks, tooLong } from '../codecs/line-blocks.js';
import { ndjsonMediaType } from '../codecs/ndjson.js';
import type { Batch } from '../domain/batch.js';
import { Rejected } from '../domain/rejected.js';
import type { Precision } from '../domain/reading.js';
import { maxListedRejections, Refusal, type Receipt } from '../domain/refusal.js';
import type { Accepted, BatchTaker } from './batch-taker.js';

export const lineMediaType = ndjsonMediaType;

export interface LineOptions {
  precision: Precision | undefined;
  maxLineBytes: number;
}

/** Readings of one block at most: a block is decoded in one go. */
const maxBlockLines = 1000;
/** Blocks that may wait to be durable while the next is decoded. */
const maxPending = 4;
const retryMs = 100;
const longestHoldMs = 30_000;

export class LineIntake {
  readonly #taker: BatchTaker;
  readonly #options: LineOptions;
  readonly #receipt: Receipt = { accepted: 0, rejected: 0 };
  readonly #pending: { first: number; outcome: Promise<Accepted | Refusal> }[] = [];
  #index = 0;
  #end = 0;

  constructor(taker: BatchTaker, options: LineOptions) {
    this.#taker = taker;
    this.#options = options;
  }

  /** @param chunks may throw a Refusal: the rest cannot be read */
  async take(chunks: AsyncIterable<Buffer>): Promise<Accepted | Refusal> {
    const { maxLineBytes } = this.#options;
    const maxLines = Math.min(maxBlockLines, this.#taker.maxBatchReadings);
    let refusal: Refusal | undefined;
    try {
      for await (const block of lineBlocks(chunks, { maxLineBytes, maxLines })) {
        refusal = await this.#takeBlock(block);
        if (refusal) break;
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusal = error;
    } finally {
      // Whatever became of the body: what was read of it is settled before anybody is answered.
      while (this.#pending.length > 0) refusal = (await this.#settleOldest()) ?? refusal;
    }
    if (refusal) return this.#refused(refusal);
    if (this.#index === 0) return new Refusal('empty_batch', 'no line has a reading');
    return { receipt: this.#receipt, end: this.#end };
  }

  async #takeBlock(block: Buffer | typeof tooLong): Promise<Refusal | undefined> {
    const batch = block === tooLong ? this.#longLine() : this.#decode(block);
    if (batch instanceof Refusal) return batch.code === 'empty_batch' ? undefined : batch;
    const bytes = block === tooLong ? 0 : block.length;
    const refusal = await this.#untilThereIsRoom(bytes);
    if (refusal) return refusal;
    const first = this.#index;
    this.#index += batch.readings.length;
    const outcome = this.#taker.accept(batch, bytes);
    // Looked at in its turn, which may come after it has failed.
    outcome.catch(() => undefined);
    this.#pending.push({ first, outcome });
    return this.#pending.length < maxPending ? undefined : this.#settleOldest();
  }

  #decode(block: Buffer): Batch | Refusal {
    const { precision } = this.#options;
    return this.#taker.decode(block, { mediaType: lineMediaType, precision, numbered: false });
  }

  #longLine(): Batch {
    const { precision = 'ms', maxLineBytes } = this.#options;
    const message = `the line is longer than ${maxLineBytes} bytes`;
    const readings = [new Rejected('malformed', '', message)];
    return { id: undefined, seq: undefined, device: undefined, type: undefined, tags: undefined, precision, readings };
  }

  async #untilThereIsRoom(bytes: number): Promise<Refusal | undefined> {
    for (let heldMs = 0; ; heldMs += retryMs) {
      const refusal = this.#taker.refusal(bytes);
      if (!refusal || refusal.code === 'stopping' || heldMs >= longestHoldMs) return refusal;
      await pause(retryMs);
    }
  }

  /** In the order of the blocks, so that the rejections are in order as well. */
  async #settleOldest(): Promise<Refusal | undefined> {
    const { first, outcome: settled } = this.#pending.shift()!;
    const outcome = await settled;
    if (outcome instanceof Refusal) return outcome;
    const { accepted, rejected, results = [] } = outcome.receipt;
    const receipt = this.#receipt;
    receipt.accepted += accepted;
    receipt.rejected += rejected;
    this.#end = Math.max(this.#end, outcome.end);
    for (const rejection of results) {
      receipt.results ??= [];
      if (receipt.results.length === maxListedRejections) break;
      receipt.results.push({ ...rejection, index: first + rejection.index });
    }
    return undefined;
  }

  /** Unlike a batch, a body that is refused on its way has left something behind. */
  #refused({ code, message, retryAfterMs }: Refusal): Refusal {
    const { accepted } = this.#receipt;
    if (accepted === 0 || !this.#taker.keeps) return new Refusal(code, message, retryAfterMs);
    const kept = `${accepted} readings of the body are durable; sending all of it again changes nothing in these`;
    return new Refusal(code, `${message}; ${kept}`, retryAfterMs);
  }
}
