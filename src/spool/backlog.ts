/** What is not delivered yet, counted record by record, never by subtracting totals. */
import type { DeliveryState } from '../ports/history-store.js';
import type { SpoolRecord } from '../ports/spool.js';
import type { Hole } from './damage.js';

export class Backlog {
  readings = 0;
  bytes = 0;
  /** Arrival of the oldest undelivered reading; null when there is none. */
  oldestMs: number | null = null;
  #delivery: DeliveryState = { low: 0, ranges: [], stored: 0, quarantined: 0 };

  get delivery(): DeliveryState {
    return this.#delivery;
  }

  /** @param delivery how far the delivery had come before this start */
  start(delivery: DeliveryState): void {
    this.#delivery = delivery;
  }

  /** A record is durable. */
  add(position: number, count: number, bytes: number, arrivedMs: number | null): void {
    const end = position + count;
    if (end <= this.#delivery.low) return;
    if (this.#delivery.ranges.some(([from, to]) => position >= from && position < to)) return;
    // A batch of which the store refuses a reading is delivered in parts, so `low` may lie inside a record.
    this.readings += end - Math.max(position, this.#delivery.low);
    this.bytes += bytes;
    this.oldestMs ??= arrivedMs;
  }

  /** These records have left, and these holes were passed; the state and the counts change in one go. */
  remove(records: readonly SpoolRecord[], state: DeliveryState, holes: readonly Hole[] = []): void {
    const { low } = this.#delivery;
    this.#delivery = state;
    for (const { from, to, bytes } of holes) {
      this.readings -= to - Math.max(from, low);
      this.bytes -= bytes;
    }
    for (const { position, count, bytes } of records) {
      this.readings -= position + count - Math.max(position, low);
      this.bytes -= bytes;
    }
  }
}
