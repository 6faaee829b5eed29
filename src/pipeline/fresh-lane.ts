/**
 * The lane that delivers what comes in now, while `low` works through a backlog.
 *
 * It opens, after an outage or at a start, when what is delivered in order arrived about `staleMs` ago and more than a
 * few batches are still behind it. It begins with what arrived in the last `freshMs` before the write that the store took:
 * that may have been back for so long before it was noticed. When what comes next would be stale by the time the store has
 * it, and there is more, it leaps to the newest batch: the store is too slow for all. What it leaps over is left to `low`.
 * Where two writes would take so long that the second is stale, it takes two batches in one: else the newest of less than
 * two, which is no more to leap to, would come too late. Each turn has a batch of it and one of `low`, so neither starves;
 * it closes when `low` has reached it.
 *
 * Order. A record is late when one of its readings is not newer than its series' newest. The catalog that this is decided
 * against knows every reading that is not delivered yet: it is filled from the whole spool behind its snapshot before
 * anything is taken in. So the readings of a record that is not late have nothing of their identity before them that the
 * store does not have, and may overtake; that was so when the record was written, so the flag holds over restarts and
 * repeated deliveries. Late records are skipped here and delivered in order by `low`, after all that they may correct.
 */
import { ReusedBytes } from '../domain/reused-bytes.js';
import { maxRanges, type DeliveryState } from '../ports/delivery-state.js';
import type { Clock } from '../ports/clock.js';
import type { Spool, SpoolRecord } from '../ports/spool.js';
import type { DeliveryPace } from './delivery-pace.js';

const fewBatches = 2;

export class FreshLane {
  readonly #spool: Spool;
  readonly #clock: Clock;
  readonly #pace: DeliveryPace;
  readonly #memory = new ReusedBytes();
  #stretch: { from: number; next: number } | undefined;
  /** The records that were delivered last, by this lane or, while it is closed, by the other. */
  #last: Delivered | undefined;

  constructor(spool: Spool, clock: Clock, pace: DeliveryPace) {
    this.#spool = spool;
    this.#clock = clock;
    this.#pace = pace;
  }

  /** What is delivered ahead in one piece: from there, and on to the next position; undefined while it is closed. */
  get stretch(): Readonly<{ from: number; next: number }> | undefined {
    return this.#stretch;
  }

  /** Goes on where it was before a restart. */
  resume({ ranges }: DeliveryState): void {
    const newest = ranges.at(-1);
    this.#stretch = newest && { from: newest[0], next: newest[1] };
  }

  /**
   * What came in since the last batch of it, or the newest of that; the payloads are good until its next method is called.
   * @param writeMs how long the store takes for a batch
   */
  async read(state: DeliveryState, writeMs: number): Promise<SpoolRecord[]> {
    if (!this.#stretch || this.#spool.head <= this.#stretch.next) return [];
    const { batchBytes, staleMs } = this.#pace;
    const fewBytes = fewBatches * batchBytes;
    if (this.#bytesBehind(this.#stretch.next) > fewBytes && state.ranges.length < maxRanges) {
      const [due] = await this.#spool.read(this.#stretch.next, 1, this.#memory);
      if (this.#isStale(due, writeMs)) this.#leapTo(await this.#newestBatch());
    }
    const isSlow = fewBatches * writeMs >= staleMs;
    if (isSlow) return this.#readOn(this.#stretch.next, fewBytes);
    return this.#spool.read(this.#stretch.next, batchBytes, this.#memory);
  }

  /** Everything before `next` is delivered, or late, or was found damaged before `from`. */
  advance(from: number, next: number, records: readonly SpoolRecord[]): void {
    this.#stretch = { from, next };
    this.#last = deliveredBy(records);
  }

  closeWhenReached(low: number): void {
    if (this.#stretch && this.#stretch.next <= low) this.#stretch = undefined;
  }

  /**
   * @param records that were delivered in order
   * @param writeMs how long the store took for them
   */
  async openWhenBehind(records: readonly SpoolRecord[], state: DeliveryState, writeMs: number): Promise<void> {
    this.#last = deliveredBy(records);
    if (!this.#last || state.ranges.length >= maxRanges) return;
    if (this.#bytesBehind(this.#last.end) <= fewBatches * this.#pace.batchBytes) return;
    if (!this.#isStale(records.at(-1), writeMs)) return;
    const writtenAtMs = this.#clock.now() - writeMs;
    this.#leapTo(await this.#firstSince(writtenAtMs - this.#pace.freshMs, this.#last.end));
  }

  #leapTo(position: number): void {
    const next = Math.max(position, this.#last!.end);
    this.#stretch = { from: next, next };
  }

  /** What came in behind this position, about. */
  #bytesBehind(position: number): number {
    return this.#last ? this.#last.bytesOfReading * (this.#spool.head - position) : 0;
  }

  #isStale(record: SpoolRecord | undefined, inMs: number): boolean {
    return record !== undefined && this.#clock.now() + inMs - record.arrivedMs >= this.#pace.staleMs;
  }

  /** A read ends with its segment; a slow store would have what lies behind that a whole write later. */
  async #readOn(from: number, maxBytes: number): Promise<SpoolRecord[]> {
    let records = await this.#spool.read(from, maxBytes, this.#memory);
    for (;;) {
      const leftBytes = maxBytes - bytesOf(records);
      const end = endOf(records);
      if (end === undefined || leftBytes <= 0) return records;
      const more = await this.#spool.read(end, leftBytes);
      // Nothing is left, or damage parts them.
      if (more[0]?.position !== end) return records;
      records = [...records, ...more];
    }
  }

  /** Where the record begins from which on about a batch is left. */
  async #newestBatch(): Promise<number> {
    const { head } = this.#spool;
    const [record] = await this.#spool.read(Math.ceil(head - this.#pace.batchBytes / this.#last!.bytesOfReading), 1);
    return record?.position ?? head;
  }

  /** The position of the first record that arrived at or after `ms`, or the head: a handful of short reads. */
  async #firstSince(ms: number, from: number): Promise<number> {
    let first = from;
    let last = this.#spool.head;
    while (first < last) {
      const middle = Math.floor((first + last) / 2);
      const [record] = await this.#spool.read(middle, 1, this.#memory);
      if (!record || record.arrivedMs >= ms) last = Math.max(first, Math.min(middle, record?.position ?? middle));
      else first = Math.min(last, record.position + record.count);
    }
    return first;
  }
}

interface Delivered {
  /** The position behind them. */
  end: number;
  bytesOfReading: number;
}

function deliveredBy(records: readonly SpoolRecord[]): Delivered | undefined {
  const end = endOf(records);
  if (end === undefined) return undefined;
  const readings = records.reduce((sum, { count }) => sum + count, 0);
  return { end, bytesOfReading: bytesOf(records) / readings };
}

function endOf(records: readonly SpoolRecord[]): number | undefined {
  const last = records.at(-1);
  return last && last.position + last.count;
}

function bytesOf(records: readonly SpoolRecord[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes, 0);
}
