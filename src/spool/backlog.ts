/** What is not delivered yet, counted record by record, never by subtracting totals. */
import {
  countUndelivered,
  undeliveredParts,
  type DeliveryState,
  type RecordPlace,
  type Run,
} from '../ports/delivery-state.js';
import type { SpoolRecord } from '../ports/spool.js';
import type { Hole } from './damage.js';

/** So many late records are known one by one; more of them is more than what rots at once. */
const mostLateKnown = 100_000;

interface LateRecord extends Run {
  bytes: number;
}

export class Backlog {
  readings = 0;
  bytes = 0;
  /** Bytes of records that were delivered ahead of `low`: their segments cannot go before it has passed them. */
  aheadBytes = 0;
  /** Arrival of the oldest undelivered reading; null when there is none. */
  oldestMs: number | null = null;
  /** Late records that are pending, by position: once one is damaged, nothing else says that it was not delivered ahead. */
  readonly #late = new Map<number, LateRecord>();
  #delivery: DeliveryState = { low: 0, ranges: [], stored: 0, quarantined: 0 };

  get delivery(): DeliveryState {
    return this.#delivery;
  }

  /** Bytes of all records that `low` has not passed. */
  get heldBytes(): number {
    return this.bytes + this.aheadBytes;
  }

  /** @param delivery how far the delivery had come before this start */
  start(delivery: DeliveryState): void {
    this.#delivery = delivery;
  }

  /** A record is durable, or was found damaged at start: that is pending until the delivery has passed it. */
  add(record: RecordPlace, bytes: number, arrivedMs: number | null): void {
    const count = countUndelivered(this.#delivery, record);
    this.readings += count;
    this.#countBytes(record, count, bytes);
    if (count > 0) this.oldestMs ??= arrivedMs;
    if (count > 0 && record.late && this.#late.size < mostLateKnown)
      this.#late.set(record.position, { position: record.position, count: record.count, bytes });
  }

  /** What of these positions, whose records are damaged, is pending. */
  pendingIn(damaged: Run): Run[] {
    const parts = undeliveredParts(this.#delivery, { ...damaged, late: false });
    return [...parts, ...this.#lateIn(damaged, parts)].sort((a, b) => a.position - b.position);
  }

  /** The late records there that lie in a range, and so in none of the parts that are undelivered anyway. */
  #lateIn(damaged: Run, parts: readonly Run[]): LateRecord[] {
    return [...this.#late.values()].filter(
      (record) => isWithin(record, damaged) && !parts.some((part) => isWithin(record, part)),
    );
  }

  /** Of these records something has left, and these holes were passed; the state and the counts change in one go. */
  remove(records: readonly SpoolRecord[], state: DeliveryState, holes: readonly Hole[] = []): void {
    const before = this.#delivery;
    for (const hole of holes) this.#removeHole(placeOf(hole));
    for (const place of records) {
      const count = countUndelivered(before, place);
      this.readings -= count;
      this.#countBytes(place, count, -place.bytes);
    }
    this.#delivery = state;
    for (const place of records) {
      const count = countUndelivered(state, place);
      this.readings += count;
      this.#countBytes(place, count, place.bytes);
      if (count === 0) this.#late.delete(place.position);
    }
    if (this.readings === 0) this.oldestMs = null;
  }

  /** All of it is behind. */
  #removeHole(hole: RecordPlace & { bytes: number }): void {
    const parts = undeliveredParts(this.#delivery, hole);
    const late = this.#lateIn(hole, parts);
    const lateBytes = late.reduce((sum, { bytes }) => sum + bytes, 0);
    this.readings -= [...parts, ...late].reduce((sum, { count }) => sum + count, 0);
    this.bytes -= lateBytes;
    this.#countBytes(hole, parts.length, lateBytes - hole.bytes);
    for (const record of this.#late.values()) if (isWithin(record, hole)) this.#late.delete(record.position);
  }

  #countBytes({ position, count }: RecordPlace, undelivered: number, bytes: number): void {
    if (undelivered > 0) this.bytes += bytes;
    else if (position + count > this.#delivery.low) this.aheadBytes += bytes;
  }
}

function isWithin({ position, count }: Run, outer: Run): boolean {
  return position >= outer.position && position + count <= outer.position + outer.count;
}

function placeOf({ from, to, bytes }: Hole): RecordPlace & { bytes: number } {
  return { position: from, count: to - from, late: false, bytes };
}
