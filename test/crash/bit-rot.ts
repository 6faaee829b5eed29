/**
 * A log of several segments, and every way to damage a region of it: bits flipped, bytes zeroed, the file cut there. What
 * was hit is known, so it is known what has to be missing afterwards, and that everything else has to be there.
 */
import path from 'node:path';
import type { SpoolRecord } from '../../src/ports/spool.js';
import { recordHeaderBytes } from '../../src/spool/format.js';
import { SegmentedSpool } from '../../src/spool/log.js';
import { MemoryFiles } from '../spool/memory-files.js';

const directory = '/spool';
/** Segments of 64 KiB. */
const spoolOptions = { directory, maxBytes: 512 * 1024, keepBytes: 512 * 1024 };
const recordsInAll = 60;
const readBytes = 16 * 1024;

interface KeptRecord {
  position: number;
  count: number;
  text: string;
  /** Records of one group were synced together. */
  group: number;
  /** Where it lies. */
  file: string;
  from: number;
  to: number;
}

export interface KeptLog {
  contents: Map<string, Buffer>;
  records: KeptRecord[];
  head: number;
}

/** Groups of one to three records, over several segments. */
export async function keepLog(): Promise<KeptLog> {
  const files = new MemoryFiles();
  const spool = new SegmentedSpool({ ...spoolOptions, files });
  await spool.start(null);
  const records: Omit<KeptRecord, 'file' | 'from' | 'to'>[] = [];
  for (let group = 0; records.length < recordsInAll; group++) {
    const waiting = Array.from({ length: 1 + (group % 3) }, (_, index) => {
      const count = 1 + ((group + index) % 4);
      const text = `${records.length}:${'abcdefgh'.repeat(300 + ((group * 7) % 90))}\n`;
      const { position, durable } = spool.append({ payload: text, count, late: false, arrivedMs: 1 });
      records.push({ position, count, text, group });
      return durable;
    });
    await Promise.all(waiting);
  }
  const { head } = spool;
  await spool.stop();
  const names = files.names().filter((name) => name.endsWith('.seg'));
  const contents = new Map(names.map((name) => [name, Buffer.from(files.get(name)!)]));
  return { contents, records: placed(records, contents), head };
}

function placed(records: Omit<KeptRecord, 'file' | 'from' | 'to'>[], contents: Map<string, Buffer>): KeptRecord[] {
  return records.map((record) => {
    for (const [file, bytes] of contents) {
      const payloadAt = bytes.indexOf(record.text);
      if (payloadAt < 0) continue;
      return { ...record, file, from: payloadAt - recordHeaderBytes, to: payloadAt + record.text.length };
    }
    throw new Error(`record ${record.position} lies nowhere`);
  });
}

export interface Damage {
  /** What it is, for people. */
  what: string;
  file: string;
  /** The bytes that are not what they were. */
  from: number;
  to: number;
  bytes: Buffer;
}

const headerRegions: [name: string, from: number, to: number][] = [
  ['magic', 0, 8],
  ['version', 8, 12],
  ['checksum', 12, 16],
  ['first position', 16, 24],
  ['rejected', 24, 32],
];
const recordRegions: [name: string, from: number, to: number][] = [
  ['magic', 0, 4],
  ['checksum', 4, 8],
  ['payload bytes', 8, 12],
  ['count', 12, 16],
  ['position', 16, 24],
  ['rejected', 24, 32],
  ['durable head', 32, 40],
  ['arrival', 40, 48],
  ['flags', 48, 52],
];

/** Every region of every segment's header, and of its first, middle and last record. */
export function* damages({ contents, records }: KeptLog): Generator<Damage> {
  for (const [file, whole] of contents) {
    const own = records.filter((record) => record.file === file);
    for (const [name, from, to] of headerRegions) yield* damagesOf(file, whole, `file header, ${name}`, from, to);
    const chosen = new Map([
      ['first', own[0]!],
      ['middle', own[own.length >>> 1]!],
      ['last but one', own.at(-2)!],
      ['last', own.at(-1)!],
    ]);
    for (const [which, { from, to }] of chosen) {
      for (const [name, begin, end] of recordRegions)
        yield* damagesOf(file, whole, `${which} record, ${name}`, from + begin, from + end);
      yield* damagesOf(file, whole, `${which} record, payload`, from + recordHeaderBytes, to);
    }
  }
}

function* damagesOf(file: string, whole: Buffer, where: string, from: number, to: number): Generator<Damage> {
  const what = `${path.basename(file)}: ${where}`;
  for (const [at, bit] of [
    [from, 0],
    [(from + to) >>> 1, 3],
    [to - 1, 7],
  ] as const) {
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 1 << bit;
    yield { what: `${what}, bit ${bit} of byte ${at} flipped`, file, from: at, to: at + 1, bytes };
  }
  const zeroed = Buffer.from(whole);
  zeroed.fill(0, from, to);
  if (!zeroed.equals(whole)) yield { what: `${what}, zeroed`, file, from, to, bytes: zeroed };
  yield { what: `${what}, cut`, file, from, to: whole.length, bytes: Buffer.from(whole.subarray(0, from)) };
}

/** @returns what is wrong with how the damage was met; undefined when nothing is */
export async function problemWith(
  log: KeptLog,
  damage: Damage,
  when: 'at start' | 'at run',
): Promise<string | undefined> {
  const files = new MemoryFiles();
  for (const [name, bytes] of log.contents) files.put(name, Buffer.from(bytes));
  if (when === 'at start') files.put(damage.file, Buffer.from(damage.bytes));
  const told: { from: number; to: number }[] = [];
  const spool = new SegmentedSpool({ ...spoolOptions, files, onDamage: (range) => void told.push(range) });
  const found = await spool.start(null).catch((error: unknown) => `does not start: ${(error as Error).message}`);
  if (typeof found === 'string') return found;
  if (when === 'at run') files.get(damage.file)!.set(withoutCut(damage, files.get(damage.file)!));
  try {
    const served = await readAll(spool);
    const hit = log.records.filter(
      ({ file, from, to }) => file === damage.file && from < damage.to && to > damage.from,
    );
    const doubtful = when === 'at start' ? doubtfulOf(log, damage, hit) : [];
    const restBytes = damage.bytes.length - (doubtful[0]?.from ?? Infinity);
    if (restBytes > 0 && found.tornBytes === 0) return 'what was cut off is not told';
    return problemIn({ log, spool, served, told, hit, doubtful });
  } finally {
    await spool.stop();
  }
}

/** A file that rots under a running service keeps its length here: what was cut off is zeros. */
function withoutCut({ bytes }: Damage, whole: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(whole.length - bytes.length)]);
}

/**
 * Of the newest segment's last group nothing shows that its sync had returned. From the first record that was hit in it,
 * it looks as an interrupted write does, and is cut off as such.
 */
function doubtfulOf({ records, contents }: KeptLog, damage: Damage, hit: KeptRecord[]): KeptRecord[] {
  const last = records.at(-1)!;
  if (damage.file !== [...contents.keys()].at(-1)) return [];
  const intact = records.filter((record) => record.file === damage.file && !hit.includes(record));
  const isProven = ({ position }: KeptRecord) =>
    intact.some((other) => other.position > position && other.group > groupOf(records, position));
  const first = hit.find((record) => !isProven(record));
  return first ? records.filter(({ position, file }) => file === last.file && position >= first.position) : [];
}

function groupOf(records: KeptRecord[], position: number): number {
  return records.find((record) => record.position === position)!.group;
}

interface Meeting {
  log: KeptLog;
  spool: SegmentedSpool;
  served: SpoolRecord[];
  told: { from: number; to: number }[];
  hit: KeptRecord[];
  doubtful: KeptRecord[];
}

function problemIn({ log, spool, served, told, hit, doubtful }: Meeting): string | undefined {
  const texts = new Map(served.map((record) => [record.position, record]));
  let lost = 0;
  for (const record of log.records) {
    const found = texts.get(record.position);
    const isExpected = !hit.includes(record) && !doubtful.includes(record);
    if (isExpected && !found) return `position ${record.position} is missing, though nothing of it was damaged`;
    if (found && Buffer.from(found.payload).toString() !== record.text)
      return `position ${record.position} is served wrong`;
    if (found && hit.includes(record)) return `position ${record.position} is served, though it is damaged`;
    if (!found && !doubtful.includes(record)) lost += record.count;
  }
  if (served.some(({ position }) => !log.records.some((record) => record.position === position)))
    return 'something is served that never was';
  const { damagedReadings, pendingReadings } = spool.status();
  if (damagedReadings !== lost) return `${damagedReadings} readings are counted as damaged, ${lost} are`;
  const toldReadings = told.reduce((sum, { from, to }) => sum + to - from, 0);
  if (toldReadings !== lost) return `of ${toldReadings} damaged readings is told, ${lost} are`;
  if (pendingReadings !== spool.head) return `${pendingReadings} readings are pending, ${spool.head} were accepted`;
  return undefined;
}

async function readAll(spool: SegmentedSpool): Promise<SpoolRecord[]> {
  const all: SpoolRecord[] = [];
  for (let position = spool.tail; position < spool.head;) {
    const records = await spool.read(position, readBytes);
    const last = records.at(-1);
    if (!last) break;
    all.push(...records);
    position = last.position + last.count;
  }
  return all;
}
