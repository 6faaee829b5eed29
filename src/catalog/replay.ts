/** Tells the catalog again what the spool holds. Replaying what it knows already changes nothing. */
import { LineReader, decodePrefix } from '../domain/line.js';
import type { FieldValue } from '../domain/reading.js';
import type { SeriesEntry, SeriesValues } from '../ports/catalog.js';
import type { Spool, SpoolRecord } from '../ports/spool.js';
import type { MemoryCatalog } from './memory-catalog.js';

const readBytes = 4 * 1024 * 1024;
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

export async function replaySpool(
  spool: Spool,
  catalog: MemoryCatalog,
  from: number,
  counts = everything,
): Promise<void> {
  const replay = new Replay(catalog, counts);
  for (let position = from; position < spool.head;) {
    const records = await spool.read(position, readBytes);
    if (records.length === 0) return;
    for (const record of records) catalog.observe(replay.readingsOf(record), record.arrivedMs);
    const last = records.at(-1)!;
    position = last.position + last.count;
  }
}

class Replay {
  readonly #catalog: MemoryCatalog;
  readonly #counts: Counts;
  readonly #remembered = new Map<string, Remembered>();

  constructor(catalog: MemoryCatalog, counts: Counts) {
    this.#catalog = catalog;
    this.#counts = counts;
  }

  /** The readings of a record that count, for which the catalog learns what it does not know. */
  readingsOf(record: SpoolRecord): SeriesValues[] {
    const readings: SeriesValues[] = [];
    const { buffer, byteOffset, byteLength } = record.payload;
    const lines = new LineReader(Buffer.from(buffer, byteOffset, byteLength).toString('utf8'));
    for (let position = record.position; lines.next(); position++) {
      const series = this.#seriesOf(lines.prefix, position);
      if (!series) continue;
      const { typeEntry } = series;
      const fields: Record<string, FieldValue> = {};
      for (let index = 0; index < lines.fieldCount; index++) {
        const name = lines.keys[index]!;
        if (!typeEntry.fields.has(name)) this.#catalog.addField(typeEntry, name, lines.kinds[index]!);
        fields[name] = lines.values[index]!;
      }
      readings.push({ series, ms: lines.ms, ns: lines.ns, fields });
    }
    return readings;
  }

  #seriesOf(prefix: string, position: number): SeriesEntry | undefined {
    const known = this.#remembered.get(prefix);
    if (known && !this.#counts(known.device, position)) return undefined;
    if (known?.series) return known.series;
    const { type: typeName, device, tags } = decodePrefix(prefix);
    const isCounted = this.#counts(device, position);
    const type = isCounted ? this.#catalog.addType(typeName) : undefined;
    const series = type && this.#catalog.addSeries(type, device, tags);
    if (this.#remembered.size < maxRemembered) this.#remembered.set(prefix, { device, series });
    return series;
  }
}
