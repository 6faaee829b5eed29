/** What is not delivered yet, counted record by record, never by subtracting totals. */
import { countUndelivered, type DeliveryState, type RecordPlace } from '../ports/delivery-state.js';
import type { SpoolRecord } from '../ports/spool.js';
import type { Hole } from './damage.js';

export class Backlog {
  readings = 0;
  bytes = 0;
  /** Bytes of records that were delivered ahead of `low`: their segments cannot go before it has passed them. */
  aheadBytes = 0;
  /** Arrival of the oldest undelivered reading; null when there is none. */
  oldestMs: number | null = null;
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
  }

  /** Of these records something has left, and these holes were passed; the state and the counts change in one go. */
  remove(records: readonly SpoolRecord[], state: DeliveryState, holes: readonly Hole[] = []): void {
    const before = this.#delivery;
    const places = [...records, ...holes.map(placeOf)];
    for (const place of places) {
      const count = countUndelivered(before, place);
      this.readings -= count;
      this.#countBytes(place, count, -place.bytes);
    }
    this.#delivery = state;
    for (const place of places) {
      const count = countUndelivered(state, place);
      this.readings += count;
      this.#countBytes(place, count, place.bytes);
    }
    if (this.readings === 0) this.oldestMs = null;
  }

  #countBytes({ position, count }: RecordPlace, undelivered: number, bytes: number): void {
    if (undelivered > 0) this.bytes += bytes;
    else if (position + count > this.#delivery.low) this.aheadBytes += bytes;
  }
}

function placeOf({ from, to, bytes }: Hole): RecordPlace & { bytes: number } {
  return { position: from, count: to - from, late: false, bytes };
}
