/**
 * The catalog on disk, so that a start need not ask the store for everything. A file of JSON lines, replaced atomically:
 *
 *     {"catalog":1,"position":P,"at":…}                   all that was durable before position P is in it
 *     {"type":"machine","fields":[["temperature","float","Cel"],["state","string"]]}       with the unit, if one is known
 *     {"series":"machine,device=boiler-7,site=lyon","values":[["temperature",73.9,"1700000000000000000"]]}
 *     {"device":"boiler-7","firstSeen":…,"lastSeen":…,"intervalMs":…,"skewMs":…,
 *      "state":"online","since":…,"change":…}                                           behind its series
 *
 * Integers are strings with an `i` at the end, as in line protocol. It is written while readings come in, so it may hold
 * some of what came after P; taking those in again changes nothing.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { DeviceState } from '../domain/generated/answers.js';
import { decodePrefix, encodePrefix } from '../domain/line.js';
import type { FieldValue, Kind } from '../domain/reading.js';
import { fromNanoseconds, nanosecondDigits } from '../domain/timestamp.js';
import type { MemoryCatalog } from './memory-catalog.js';

const formatVersion = 1;
const linesOfChunk = 2000;

interface Line {
  catalog?: number;
  position?: number;
  at?: number;
  type?: string;
  fields?: [name: string, kind: Kind, unit?: string][];
  device?: string;
  firstSeen?: number;
  lastSeen?: number;
  intervalMs?: number;
  skewMs?: number;
  state?: DeviceState;
  since?: number;
  change?: number;
  series?: string;
  values?: [name: string, value: number | boolean | string, ns: string][];
}

/** What a snapshot stands for. */
export interface SnapshotHead {
  position: number;
  /** When it was written. */
  atMs: number;
}

export async function writeSnapshot(file: string, catalog: MemoryCatalog, head: SnapshotHead): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const aside = `${file}.new`;
  const handle = await open(aside, 'w', 0o640);
  try {
    let chunk: string[] = [];
    for (const line of snapshotLines(catalog, head)) {
      chunk.push(JSON.stringify(line));
      if (chunk.length < linesOfChunk) continue;
      await handle.appendFile(`${chunk.join('\n')}\n`);
      chunk = [];
    }
    await handle.appendFile(`${chunk.join('\n')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, file);
}

function* snapshotLines(catalog: MemoryCatalog, { position, atMs: at }: SnapshotHead): Iterable<Line> {
  yield { catalog: formatVersion, position, at };
  for (const { type, fields } of catalog.types()) {
    yield { type, fields: fields.map(({ name, kind, unit }) => (unit === null ? [name, kind] : [name, kind, unit])) };
  }
  for (const device of catalog.allDevices()) {
    for (const series of device.series) {
      const values = series.newest().map(({ name, value, ms, ns }): [string, number | boolean | string, string] => {
        const kind = series.typeEntry.fields.get(name)!.kind;
        return [
          name,
          kind === 'integer' ? `${value as number | bigint}i` : (value as number),
          nanosecondDigits(ms, ns),
        ];
      });
      yield { series: encodePrefix(series.type, series.device, series.tags), values };
    }
    const { name, firstSeenMs: firstSeen, lastSeenMs: lastSeen, usualIntervalMs: intervalMs, skewMs } = device;
    const { state, sinceMs: since, change } = device;
    yield { device: name, firstSeen, lastSeen, intervalMs, skewMs, state, since, change };
  }
}

/** @returns what the snapshot stands for; undefined when there is none that can be read */
export async function readSnapshot(file: string, catalog: MemoryCatalog): Promise<SnapshotHead | undefined> {
  let head: SnapshotHead | undefined;
  try {
    for await (const text of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
      if (text === '') continue;
      const line = JSON.parse(text) as Line;
      if (head === undefined) {
        if (line.catalog !== formatVersion || line.position === undefined) return undefined;
        head = { position: line.position, atMs: line.at ?? 0 };
      } else takeLine(line, catalog);
    }
    return head;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function takeLine(line: Line, catalog: MemoryCatalog): void {
  if (line.type !== undefined) {
    const type = catalog.addType(line.type);
    for (const [name, kind, unit] of line.fields ?? []) if (type) catalog.addField(type, name, kind, unit);
  } else if (line.device !== undefined) {
    catalog.restoreDevice(line.device, {
      firstSeenMs: line.firstSeen ?? 0,
      lastSeenMs: line.lastSeen ?? 0,
      usualIntervalMs: line.intervalMs ?? 0,
      skewMs: line.skewMs ?? 0,
      isOnline: line.state === 'online',
      sinceMs: line.since ?? 0,
      change: line.change ?? 0,
    });
  } else if (line.series !== undefined) takeSeries(line, catalog);
}

function takeSeries({ series: prefix, values }: Line, catalog: MemoryCatalog): void {
  const { type: typeName, device, tags } = decodePrefix(prefix!);
  const type = catalog.addType(typeName);
  const series = type && catalog.addSeries(type, device, tags);
  if (!series) return;
  for (const [name, stored, digits] of values ?? []) {
    const field = series.typeEntry.fields.get(name);
    if (!field) continue;
    const { ms, ns } = fromNanoseconds(BigInt(digits));
    series.update(field, field.kind === 'integer' ? integerOf(stored as string) : stored, ms, ns);
    series.raiseHead(ms, ns);
  }
}

function integerOf(text: string): FieldValue {
  const digits = text.slice(0, -1);
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}
