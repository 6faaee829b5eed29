/** Teaches the catalog what lines say that others have checked. Telling it what it knows already changes nothing. */
import { LineReader, decodePrefix } from '../domain/line.js';
import { ownText } from '../domain/own-text.js';
import type { FieldValue } from '../domain/reading.js';
import type { SeriesEntry, SeriesValues } from '../ports/catalog.js';
import type { MemoryCatalog } from './memory-catalog.js';

/** Series remembered by their prefix, so that it is taken apart once and not for every line. */
const maxRemembered = 100_000;

/** Whether the catalog is to hear of a reading of this device at this position. */
export type Counts = (device: string, position: number) => boolean;

const everything: Counts = () => true;

interface Remembered {
  device: string;
  /** Undefined while none of its readings counted, and where there was no room. */
  series: SeriesEntry | undefined;
}

export class Learner {
  readonly #catalog: MemoryCatalog;
  readonly #counts: Counts;
  readonly #remembered = new Map<string, Remembered>();

  constructor(catalog: MemoryCatalog, counts: Counts = everything) {
    this.#catalog = catalog;
    this.#counts = counts;
  }

  /** @param position of the first line */
  learn(text: string, arrivedMs: number, position = 0): void {
    this.#catalog.observe(this.#readingsOf(text, position), arrivedMs);
  }

  /** The readings that count, for which the catalog learns what it does not know. */
  #readingsOf(text: string, firstPosition: number): SeriesValues[] {
    const readings: SeriesValues[] = [];
    const lines = new LineReader(text);
    for (let position = firstPosition; lines.next(); position++) {
      const series = this.#seriesOf(lines.prefix, position);
      if (!series) continue;
      const { typeEntry } = series;
      const fields: Record<string, FieldValue> = {};
      for (let index = 0; index < lines.fieldCount; index++) {
        const name = lines.keys[index]!;
        const kind = lines.kinds[index]!;
        const known = typeEntry.fields.get(name) ?? this.#catalog.addField(typeEntry, ownText(name), kind);
        // Of another instance it may be of another kind, where both met the field at the same time.
        if (known !== undefined && known.kind !== kind) continue;
        const value = lines.values[index]!;
        fields[name] = typeof value === 'string' ? ownText(value) : value;
      }
      readings.push({ series, ms: lines.ms, ns: lines.ns, fields });
    }
    return readings;
  }

  #seriesOf(prefix: string, position: number): SeriesEntry | undefined {
    const known = this.#remembered.get(prefix);
    if (known && !this.#counts(known.device, position)) return undefined;
    if (known?.series) return known.series;
    const ownPrefix = ownText(prefix);
    const { type: typeName, device, tags } = decodePrefix(ownPrefix);
    const isCounted = this.#counts(device, position);
    const type = isCounted ? this.#catalog.addType(typeName) : undefined;
    const series = type && this.#catalog.addSeries(type, device, tags);
    if (this.#remembered.size < maxRemembered) this.#remembered.set(ownPrefix, { device, series });
    return series;
  }
}
