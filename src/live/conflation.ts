/**
 * Readings that wait for their reader, of which the newest value of each field of each series stays. A reading is merged
 * away when others have a value at its time or later for all of its fields; so one that came late makes way for what is there.
 */

export interface HeldReading {
  /** Rises from one to the next. */
  order: number;
  ms: number;
  ns: number;
  keys: readonly string[];
  text: string;
}

/** What a reading takes beside its text, about. */
const overheadBytes = 200;

export class Conflation<Held extends HeldReading = HeldReading> {
  readonly #bySeries = new Map<string, Held[]>();
  #bytes = 0;
  #merged = 0;
  #fromMs = Infinity;
  #toMs = -Infinity;

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#bySeries.size === 0 && this.#merged === 0;
  }

  /** The times of all that was held since the last `take`, what was merged away as well. */
  get span(): { fromMs: number; toMs: number } {
    return { fromMs: this.#fromMs, toMs: this.#toMs };
  }

  /** @param prefix of its series. Readings come in their order. */
  add(prefix: string, reading: Held): void {
    this.#fromMs = Math.min(this.#fromMs, reading.ms);
    this.#toMs = Math.max(this.#toMs, reading.ms);
    const held = this.#bySeries.get(prefix);
    if (!held) {
      this.#bySeries.set(prefix, [reading]);
      this.#bytes += bytesOf(reading);
      return;
    }
    held.push(reading);
    this.#bytes += bytesOf(reading);
    for (let at = held.length - 1; at >= 0; at--) {
      if (!isOutdated(held[at]!, held)) continue;
      this.#bytes -= bytesOf(held[at]!);
      held.splice(at, 1);
      this.#merged++;
    }
  }

  /** All that is held, in order of acceptance, and how many were merged away. Nothing is held then. */
  take(): { readings: Held[]; merged: number } {
    const readings = [...this.#bySeries.values()].flat().sort((a, b) => a.order - b.order);
    const merged = this.#merged;
    this.#bySeries.clear();
    this.#bytes = 0;
    this.#merged = 0;
    this.#fromMs = Infinity;
    this.#toMs = -Infinity;
    return { readings, merged };
  }
}

function bytesOf({ text }: HeldReading): number {
  return text.length * 2 + overheadBytes;
}

/** Whether each of its fields has a value in another one that is as new or newer; of equal times the last accepted counts. */
function isOutdated(reading: HeldReading, held: readonly HeldReading[]): boolean {
  return reading.keys.every((key) => held.some((other) => isNewer(other, reading) && other.keys.includes(key)));
}

function isNewer(one: HeldReading, other: HeldReading): boolean {
  if (one.ms !== other.ms) return one.ms > other.ms;
  if (one.ns !== other.ns) return one.ns > other.ns;
  return one.order > other.order;
}
