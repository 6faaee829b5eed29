/** Tells the catalog again what the spool holds. Replaying what it knows already changes nothing. */
import { LineReader, decodePrefix } from '../domain/line.js';
import type { FieldValue } from '../domain/reading.js';
import type { SeriesEntry, SeriesValues } from '../ports/catalog.js';
import type { Spool, SpoolRecord } from '../ports/spool.js';
import type { MemoryCatalog } from './memory-catalog.js';

const readBytes = 4 * 1024 * 1024;
/** Series remembered by their prefix, so that it is taken apart once and not for every line. */
const maxRemembered = 100_000;

type Remembered = Map<string, SeriesEntry | undefined>;

export async function replaySpool(spool: Spool, catalog: MemoryCatalog, from: number): Promise<void> {
  const remembered: Remembered = new Map();
  for (let position = from; position < spool.head;) {
    const records = await spool.read(position, readBytes);
    if (records.length === 0) return;
    for (const record of records) catalog.observe(readingsOf(record, catalog, remembered), record.arrivedMs);
    const last = records.at(-1)!;
    position = last.position + last.count;
  }
}

/** The readings of a record, for which the catalog learns what it does not know. */
function readingsOf(record: SpoolRecord, catalog: MemoryCatalog, remembered: Remembered): SeriesValues[] {
  const readings: SeriesValues[] = [];
  const { buffer, byteOffset, byteLength } = record.payload;
  const lines = new LineReader(Buffer.from(buffer, byteOffset, byteLength).toString('utf8'));
  while (lines.next()) {
    const series = seriesOf(lines.prefix, catalog, remembered);
    if (!series) continue;
    const { typeEntry } = series;
    const fields: Record<string, FieldValue> = {};
    for (let index = 0; index < lines.fieldCount; index++) {
      const name = lines.keys[index]!;
      if (!typeEntry.fields.has(name)) catalog.addField(typeEntry, name, lines.kinds[index]!);
      fields[name] = lines.values[index]!;
    }
    readings.push({ series, ms: lines.ms, ns: lines.ns, fields });
  }
  return readings;
}

function seriesOf(prefix: string, catalog: MemoryCatalog, remembered: Remembered): SeriesEntry | undefined {
  const known = remembered.get(prefix);
  if (known) return known;
  const { type: typeName, device, tags } = decodePrefix(prefix);
  const type = catalog.addType(typeName);
  const series = type && catalog.addSeries(type, device, tags);
  if (remembered.size < maxRemembered) remembered.set(prefix, series);
  return series;
}
