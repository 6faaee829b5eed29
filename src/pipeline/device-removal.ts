/**
 * Deletes a device: all its readings that were accepted before, in the store and in quarantine, and what is known of it.
 *
 * The order with readings that the store does not have yet: whatever was accepted before the request is delivered first, and
 * the removal takes place between two deliveries, at the position that they have reached. So all before that position is
 * gone, no delivery can bring it back, and all behind it stays. While the store is away or far behind, nothing is
 * deleted, and that is said. Where the store went away over it, nobody knows; whoever asks again gets it done.
 */
import { Refusal } from '../domain/refusal.js';
import type { Forgetting } from '../ports/catalog.js';
import type { HistoryWriter } from '../ports/history-store.js';
import type { Quarantine } from '../ports/quarantine.js';
import type { Spool } from '../ports/spool.js';
import type { Delivery } from './delivery.js';
import { readingOfLine } from './part.js';

export interface RemovalRooms {
  spool: Spool;
  delivery: Delivery;
  writer: HistoryWriter;
  quarantine: Quarantine;
  catalog: Forgetting;
}

/** How long a request waits for the delivery of what was accepted before it. */
const patienceMs = 30_000;
const askAgainMs = 5_000;

export class DeviceRemoval {
  readonly #rooms: RemovalRooms;

  constructor(rooms: RemovalRooms) {
    this.#rooms = rooms;
  }

  /**
   * Done once it cannot come back, not even after a crash.
   * @throws Refusal `store_away` while it cannot be done, `store_unable` where it never can
   */
  async remove(device: string): Promise<void> {
    const { spool, delivery } = this.#rooms;
    await delivery.between(async () => undefined); // Refused at once while the store is away.
    if (!(await delivery.untilStored(spool.head, patienceMs))) throw behind();
    await delivery.between(async ({ low, ranges }) => {
      if (ranges.length > 0) throw behind();
      await this.#removeStored(device);
      await this.#discardQuarantined(device);
      await this.#rooms.catalog.forget(device, low);
    });
  }

  async #removeStored(device: string): Promise<void> {
    const result = await this.#rooms.writer.remove(device);
    switch (result.outcome) {
      case 'removed':
        return;
      case 'temporary':
        throw new Refusal('store_away', result.reason, result.retryAfterMs ?? askAgainMs);
      case 'permanent':
        throw new Refusal('store_unable', result.reason);
    }
  }

  async #discardQuarantined(device: string): Promise<void> {
    const { quarantine } = this.#rooms;
    const entries = quarantine.list({ after: null, limit: Infinity });
    const ids = entries.flatMap(({ id, line }) => (line !== null && deviceOf(line) === device ? [id] : []));
    await quarantine.remove(ids, 'discarded');
  }
}

function deviceOf(line: string): string {
  return readingOfLine(line).device;
}

function behind(): Refusal {
  return new Refusal(
    'store_away',
    'the store does not have all readings that came before; nothing is deleted',
    askAgainMs,
  );
}
