/**
 * Runs the spool through a random life on a recording disk, and then opens it in every state in which a power cut could
 * have left that disk. The oracle knows what was acknowledged at each moment, and every payload that was ever tried.
 */
import type { SpoolRecord } from '../../src/ports/spool.js';
import { Delivery } from '../../src/pipeline/delivery.js';
import { usualPace } from '../../src/pipeline/delivery-pace.js';
import { FileQuarantine } from '../../src/quarantine/file-quarantine.js';
import { SegmentedSpool } from '../../src/spool/log.js';
import { crashStates, type CrashState } from './crash-states.js';
import { RecordingFiles, type Operation, type Sabotage } from './recording-files.js';
import { Random } from './random.js';
import { WatchedStore } from './watched-store.js';

const directory = '/spool';
const spoolOptions = { directory, maxBytes: 512 * 1024, keepBytes: 96 * 1024 };

/** What the outside was told, in the order of the operations on the disk. */
type Mark =
  | { told: 'tried'; position: number; text: string; count: number }
  | { told: 'acked'; position: number; text: string; count: number }
  /** The store has everything before `low`. */
  | { told: 'stored'; low: number }
  /** And the spool was told so. */
  | { told: 'delivered'; low: number };

export interface Life {
  operations: Operation[];
  /** The power is cut behind this operation, or later. */
  from?: number;
}

/** What must not be done, to see that the proof notices. */
export type LifeSabotage = Sabotage | 'cursor before the write';

const arrivedMs = 1_700_000_000_000;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const deliveredWithinMs = 10_000;

/** One life of a spool: appends in groups, failing syncs, deliveries, rotations, clean restarts. */
export async function live(seed: number, steps: number, sabotage?: LifeSabotage): Promise<Life> {
  const random = new Random(seed);
  const files = new RecordingFiles(new Map(), sabotage === 'cursor before the write' ? undefined : sabotage);
  const store = new WatchedStore(sabotage === 'cursor before the write');
  store.onStored = (low) => tell(files, { told: 'stored', low });
  let spool = await open(files);
  let serial = 0;
  for (let step = 0; step < steps; step++) {
    const dice = random.below(100);
    if (dice < 70) serial = await appendGroup(spool, files, random, serial);
    else if (dice < 88) await deliver(spool, files, store, random);
    else if (dice < 94) await failOnce(spool, files, random, serial++);
    else {
      await spool.stop();
      spool = await open(files);
    }
  }
  await spool.stop();
  return { operations: files.operations };
}

/** A backlog of many segments is delivered at once, while more is taken in: they go one after the other, beside that. */
export async function liveThroughDisposal(seed: number): Promise<Life> {
  const random = new Random(seed);
  const files = new RecordingFiles();
  const spool = await open(files);
  let serial = 0;
  while (!spool.refusal(80_000)) serial = await appendGroup(spool, files, random, serial);
  const from = files.operations.length;
  const low = spool.head;
  const records = [...(await readAll(spool)).values()];
  tell(files, { told: 'stored', low });
  const delivered = spool.delivered(records, { low, ranges: [], stored: low, quarantined: 0 }, true);
  for (let group = 0; group < 6; group++) serial = await appendGroup(spool, files, random, serial);
  await delivered;
  tell(files, { told: 'delivered', low });
  await spool.stop();
  return { operations: files.operations, from };
}

async function open(files: RecordingFiles): Promise<SegmentedSpool> {
  const spool = new SegmentedSpool({ ...spoolOptions, files, retryEveryMs: 1 });
  await spool.start(null);
  return spool;
}

function tell(files: RecordingFiles, mark: Mark): void {
  files.mark(mark);
}

async function append(spool: SegmentedSpool, files: RecordingFiles, text: string, count: number): Promise<void> {
  const { position, durable } = spool.append({ payload: text, count, late: false, arrivedMs });
  tell(files, { told: 'tried', position, text, count });
  await durable;
  tell(files, { told: 'acked', position, text, count });
}

async function appendGroup(
  spool: SegmentedSpool,
  files: RecordingFiles,
  random: Random,
  first: number,
): Promise<number> {
  const size = 1 + random.below(4);
  const group = Array.from({ length: size }, async (_, index) => {
    if (spool.refusal(20_000)) return;
    await append(spool, files, `${first + index}:${'x'.repeat(random.size(12_000))}\n`, 1 + random.below(5));
  });
  await Promise.all(group);
  return first + size;
}

/** The real delivery, until it has passed some position. */
async function deliver(
  spool: SegmentedSpool,
  files: RecordingFiles,
  store: WatchedStore,
  random: Random,
): Promise<void> {
  const behind = spool.head - spool.delivery.low;
  if (behind === 0) return;
  const rooms = {
    spool,
    writer: store,
    // Nothing is refused, so nothing comes here.
    quarantine: new FileQuarantine(directory, silent),
    clock: { now: () => arrivedMs },
    log: silent,
  };
  const delivery = new Delivery(rooms, { ...usualPace, batchBytes: 1 + random.size(60_000) });
  delivery.start();
  const isStored = await delivery.untilStored(spool.delivery.low + 1 + random.below(behind), deliveredWithinMs);
  await delivery.stop();
  if (!isStored) throw new Error('the delivery stands still');
  tell(files, { told: 'delivered', low: spool.delivery.low });
  store.catchUp();
}

/** The disk refuses a sync or a write; the spool goes on in a new segment. */
async function failOnce(spool: SegmentedSpool, files: RecordingFiles, random: Random, serial: number): Promise<void> {
  if (spool.refusal(20_000)) return;
  const failing = random.below(2) === 0 ? 'sync' : 'write';
  let failures = 1;
  files.failing = (kind) => {
    if (kind === failing && failures-- > 0) throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  await append(spool, files, `${serial}:${'y'.repeat(random.size(9_000))}\n`, 1).catch(() => undefined);
  files.failing = () => undefined;
  while (spool.refusal(1)?.code === 'spool_failed') await new Promise((resolve) => setTimeout(resolve, 1));
}

export interface Verdict {
  states: number;
  /** Readings that were acknowledged in that life. */
  acked: number;
  problems: string[];
}

/** Opens the spool in every state that `seen` does not know, up to `most` of them. */
export async function judge({ operations, from = 0 }: Life, most: number, seen: Set<string>): Promise<Verdict> {
  const verdict: Verdict = { states: 0, acked: 0, problems: [] };
  const oracle = new Oracle(operations);
  for (const state of crashStates(operations, from, seen)) {
    if (verdict.states++ >= most) break;
    const problem = await problemOf(state, oracle.at(state.cutAt));
    if (problem !== undefined) verdict.problems.push(`cut after operation ${state.cutAt}, ${state.fate}: ${problem}`);
  }
  verdict.acked = ackedReadings(operations);
  return verdict;
}

function ackedReadings(operations: readonly Operation[]): number {
  const marks = operations.flatMap((operation) => (operation.kind === 'mark' ? [operation.mark as Mark] : []));
  return marks.reduce((sum, mark) => sum + (mark.told === 'acked' ? mark.count : 0), 0);
}

interface Truth {
  /** Position to record. */
  acked: Map<number, { text: string; count: number }>;
  tried: Map<number, Set<string>>;
  /** The delivery may stand anywhere from the first to the second. */
  deliveredLow: number;
  storedLow: number;
}

/** Walks along the marks; asked in order of the cuts. */
class Oracle {
  readonly #operations: readonly Operation[];
  readonly #truth: Truth = { acked: new Map(), tried: new Map(), deliveredLow: 0, storedLow: 0 };
  #read = 0;

  constructor(operations: readonly Operation[]) {
    this.#operations = operations;
  }

  at(cut: number): Truth {
    for (; this.#read < cut; this.#read++) {
      const operation = this.#operations[this.#read]!;
      if (operation.kind === 'mark') this.#take(operation.mark as Mark);
    }
    return this.#truth;
  }

  #take(mark: Mark): void {
    const { acked, tried } = this.#truth;
    if (mark.told === 'tried') {
      tried.set(mark.position, (tried.get(mark.position) ?? new Set()).add(mark.text));
    } else if (mark.told === 'acked') acked.set(mark.position, mark);
    else if (mark.told === 'delivered') this.#truth.deliveredLow = mark.low;
    else this.#truth.storedLow = Math.max(this.#truth.storedLow, mark.low);
  }
}

async function problemOf({ files }: CrashState, truth: Truth): Promise<string | undefined> {
  const disk = new RecordingFiles(files);
  let spool: SegmentedSpool;
  try {
    spool = await open(disk);
  } catch (error) {
    return `does not open: ${(error as Error).message}`;
  }
  const { low } = spool.delivery;
  if (low < truth.deliveredLow) return `delivery stands at ${low}, though it was at ${truth.deliveredLow}`;
  if (low > truth.storedLow) return `position ${truth.storedLow} is missing in the store: delivery stands at ${low}`;
  if (spool.status().damagedReadings > 0) return 'a power cut is taken for damage';
  const found = await readAll(spool);
  for (const [position, { text, count }] of truth.acked) {
    if (position < low) continue;
    const record = found.get(position);
    if (!record) return `acknowledged position ${position} is missing`;
    if (textOf(record) !== text || record.count !== count) return `position ${position} is another record`;
  }
  let pending = 0;
  for (const [position, record] of found) {
    if (!truth.tried.get(position)?.has(textOf(record))) return `position ${position} was never tried like that`;
    if (position >= low) pending += record.count;
  }
  if (spool.status().pendingReadings !== pending)
    return `pending is ${spool.status().pendingReadings}, walked ${pending}`;
  return goesOn(spool, disk);
}

/** What was recovered has to take more, and to keep it over the next start. */
async function goesOn(spool: SegmentedSpool, disk: RecordingFiles): Promise<string | undefined> {
  const { position, durable } = spool.append({ payload: 'next\n', count: 1, late: false, arrivedMs: 1 });
  if (position !== spool.head) return `the next position is ${position}, the head ${spool.head}`;
  await durable;
  await spool.stop();
  const again = await open(disk);
  const [record] = await again.read(position, 1);
  const problem = record && textOf(record) === 'next\n' ? undefined : 'what was appended after the recovery is gone';
  await again.stop();
  return problem;
}

async function readAll(spool: SegmentedSpool): Promise<Map<number, SpoolRecord>> {
  const all = new Map<number, SpoolRecord>();
  for (let position = spool.tail; position < spool.head;) {
    const records = await spool.read(position, 256 * 1024);
    if (records.length === 0) break;
    for (const record of records) all.set(record.position, record);
    const last = records.at(-1)!;
    position = last.position + last.count;
  }
  return all;
}

function textOf(record: SpoolRecord): string {
  return Buffer.from(record.payload).toString();
}
