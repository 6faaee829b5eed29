/** Gives quarantined readings to the store once more, after what made it refuse them was mended. */
import { Refusal } from '../domain/refusal.js';
import type { HistoryWriter } from '../ports/history-store.js';
import type { Quarantine, QuarantineEntry } from '../ports/quarantine.js';
import type { Delivery } from './delivery.js';
import { putTogether, type PartReading } from './part.js';

export interface ReplayRooms {
  quarantine: Quarantine;
  writer: HistoryWriter;
  delivery: Delivery;
}

/** Readings of one write; the delivery goes on between two. */
const readingsOfWrite = 1000;

export class Replay {
  readonly #rooms: ReplayRooms;

  constructor(rooms: ReplayRooms) {
    this.#rooms = rooms;
  }

  /**
   * @param ids absent for all
   * @returns how many the store has now, and how many it refuses still
   * @throws Refusal `store_away`, with what was replayed until then kept
   */
  async run(ids: readonly number[] | undefined): Promise<{ replayed: number; failed: number }> {
    const { quarantine } = this.#rooms;
    const wanted = ids && new Set(ids);
    const entries = quarantine
      .list({ after: null, limit: Infinity })
      .filter(({ id, line }) => line !== null && (!wanted || wanted.has(id)));
    let replayed = 0;
    for (let from = 0; from < entries.length; from += readingsOfWrite) {
      const stored = await this.#write(entries.slice(from, from + readingsOfWrite).map(partOf));
      replayed += await quarantine.remove(stored, 'replayed');
    }
    return { replayed, failed: entries.length - replayed };
  }

  /** @returns the positions that the store has taken */
  async #write(readings: PartReading[]): Promise<number[]> {
    const { writer, delivery, quarantine } = this.#rooms;
    const result = await delivery.between((state) => {
      // Between two writes an entry may have been discarded, or its device deleted.
      readings = readings.filter(({ position }) => quarantine.holds(position));
      return writer.write(putTogether(readings), state);
    });
    switch (result.outcome) {
      case 'stored':
        return readings.map(({ position }) => position);
      case 'partial': {
        const refused = new Set(result.refused.map(({ index }) => index));
        return readings.filter((_, index) => !refused.has(index)).map(({ position }) => position);
      }
      case 'permanent': {
        if (readings.length === 1) return [];
        const middle = readings.length >>> 1;
        return [...(await this.#write(readings.slice(0, middle))), ...(await this.#write(readings.slice(middle)))];
      }
      case 'temporary':
        throw new Refusal(
          'store_away',
          `the store does not take readings now: ${result.reason}`,
          result.retryAfterMs ?? 5000,
        );
    }
  }
}

function partOf({ id, line }: QuarantineEntry): PartReading {
  return { position: id, line: line! };
}
