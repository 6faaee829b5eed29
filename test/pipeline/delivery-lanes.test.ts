/**
 * Two lanes against the plainest thing that could be right: every accepted reading applied in order. The store here is one
 * where the last write of an identity wins, as in InfluxDB; whatever the ingress, outages, kills and repetitions, it has to
 * end as the plain one, with every reading counted once at every moment.
 */
import { array, assert, asyncProperty, boolean, constantFrom, integer, oneof, record } from 'fast-check';
import { deepEqual, equal } from 'node:assert/strict';
import path from 'node:path';
import t, { type Test } from 'tap';
import { Delivery } from '../../src/pipeline/delivery.js';
import { FreshLane } from '../../src/pipeline/fresh-lane.js';
import { deliveredEnd, maxRanges, type DeliveryState } from '../../src/ports/delivery-state.js';
import type { WriteResult } from '../../src/ports/history-store.js';
import { FileQuarantine } from '../../src/quarantine/file-quarantine.js';
import { SegmentedSpool } from '../../src/spool/log.js';
import { MemoryFiles } from '../spool/memory-files.js';
import { ScriptedWriter, type Line } from './scripted-writer.js';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const staleMs = 10_000;
const patienceMs = 20_000;
/** A batch is a few records, so that little is a backlog. */
const pace = { batchBytes: 400, gatherMs: 0, retry: { firstMs: 1, longestMs: 1 }, staleMs, freshMs: 5_000 };
const devices = ['a', 'b', 'c'];
/** Turns of the event loop that the store takes for a write at most. */
const longestConsideration = 7;

/** One service after the other on the same disk and store, and what its clients were told. */
class Life {
  readonly #quarantineDirectory: string;
  readonly keepsState: boolean;
  nowMs = 1_700_000_000_000;
  /** How long the store takes for a write. */
  writeMs = 0;
  isAway = false;
  /** What the store says of readings that it does not like. */
  refusal: 'permanent' | 'partial' = 'partial';
  /** Positions of the writes that the store has before it, and of what it had twice at a time. */
  readonly underWay = new Set<Line[]>();
  readonly twice: number[] = [];
  mostUnderWay = 0;
  /** Position of each write's first line, as the store took them. */
  readonly writes: { first: number; state: DeliveryState }[] = [];
  /** Identity to value, as the last write left it; and as the plain store has it. */
  readonly stored = new Map<string, string>();
  readonly expected = new Map<string, string>();
  readonly #heads = new Map<string, number>();
  #serial = 0;
  #considered = 0;
  #files = new MemoryFiles();
  #kept: DeliveryState | null = null;
  #crash: { in: number; isApplied: boolean } | undefined;
  #process = { isGone: false };
  spool!: SegmentedSpool;
  delivery!: Delivery;
  #quarantine!: FileQuarantine;

  constructor(directory: string, keepsState: boolean) {
    this.#quarantineDirectory = directory;
    this.keepsState = keepsState;
  }

  async start(): Promise<void> {
    const process = { isGone: false };
    this.#process = process;
    const writer = new ScriptedWriter(this.keepsState);
    writer.answer = (lines, state) => this.#answer(process, lines, state);
    writer.onStored = (lines, state) => this.#take(lines, state);
    const options = { directory: '/spool', maxBytes: 2 ** 26, keepBytes: 0, files: this.#files };
    this.spool = new SegmentedSpool(options);
    await this.spool.start(this.#kept);
    this.#quarantine = new FileQuarantine(this.#quarantineDirectory, silent);
    await this.#quarantine.start();
    const clock = { now: () => this.nowMs };
    this.delivery = new Delivery({ spool: this.spool, writer, quarantine: this.#quarantine, clock, log: silent }, pace);
    this.delivery.start();
  }

  async #answer(process: { isGone: boolean }, lines: Line[], state: DeliveryState): Promise<WriteResult | undefined> {
    const answerAtMs = this.nowMs + this.writeMs;
    await this.#consider(lines);
    this.nowMs = Math.max(this.nowMs, answerAtMs);
    if (process.isGone) return new Promise<never>(() => undefined);
    if (this.#crash && this.#crash.in-- <= 0) {
      process.isGone = true;
      if (this.#crash.isApplied && !lines.some(isBad)) {
        // The kill comes before its answer.
        for (const line of lines) this.#apply(line);
        if (this.keepsState) this.#kept = state;
      }
      this.#crash = undefined;
      return new Promise<never>(() => undefined);
    }
    if (this.isAway) return { outcome: 'temporary', reason: 'away' };
    const refused = lines.flatMap((line, index) => (isBad(line) ? [{ index, reason: 'bad' }] : []));
    if (refused.length === 0) return undefined;
    return this.refusal === 'partial' ? { outcome: 'partial', refused } : { outcome: 'permanent', reason: 'bad' };
  }

  /** Takes its time over a write, so that of two it answers now the one and now the other first. */
  async #consider(lines: Line[]): Promise<void> {
    const others = [...this.underWay].flat().map(({ position }) => position);
    this.twice.push(...lines.filter(({ position }) => others.includes(position)).map(({ position }) => position));
    this.underWay.add(lines);
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay.size);
    for (let turns = (this.#considered++ * 5) % longestConsideration; turns >= 0; turns--) await turnOfTheLoop();
    this.underWay.delete(lines);
  }

  #take(lines: Line[], state: DeliveryState): void {
    for (const line of lines) this.#apply(line);
    if (lines.length > 0) this.writes.push({ first: lines[0]!.position, state });
    if (this.keepsState && !lines.some(isBad)) this.#kept = state;
  }

  #apply({ text }: Line): void {
    const [identity, value] = split(text);
    this.stored.set(identity, value);
  }

  /** One record. Times count from the newest of the device: 0 is a correction of it, 1 is newer. */
  async ingest(readings: { device: string; step: number; isBad: boolean }[]): Promise<void> {
    let payload = '';
    let late = false;
    for (const { device, step, isBad: bad } of readings) {
      const head = this.#heads.get(device) ?? 10;
      const ts = Math.max(1, head + step);
      if (ts <= head && this.#heads.has(device)) late = true;
      this.#heads.set(device, Math.max(head, ts));
      const text = `m,device=${device} v="${this.#serial++}${bad ? 'bad' : ''}" ${1_700_000_000_000_000_000n + BigInt(ts)}`;
      payload += `${text}\n`;
      const [identity, value] = split(text);
      if (!bad) this.expected.set(identity, value);
    }
    await this.spool.append({ payload, count: readings.length, late, arrivedMs: this.nowMs }).durable;
  }

  /** The disk loses a byte of the record that holds the reading of this number. */
  rot(device: string, serial: number): void {
    for (const name of this.#files.names()) {
      const at = this.#files.get(name)!.indexOf(`${device} v="${serial}"`);
      if (at >= 0) this.#files.get(name)![at]! ^= 1;
    }
  }

  crashIn(writes: number, isApplied: boolean): void {
    this.#crash = { in: writes, isApplied };
  }

  /** The process is gone, at once; the next one finds what it left. */
  async restart(isPowerCut: boolean, forgets: boolean): Promise<void> {
    this.#process.isGone = true;
    this.underWay.clear();
    await this.#quarantine.stop();
    this.#crash = undefined;
    this.#files = isPowerCut ? this.#files.afterPowerCut() : this.#files.afterKill();
    if (forgets && this.#kept?.quarantined === 0) this.#kept = { ...this.#kept, ranges: [], stored: this.#kept.low };
    await this.start();
  }

  /** Lets it work for a moment. @throws when the counts do not close at any time in between */
  async work(turns: number): Promise<void> {
    for (let turn = 0; turn < turns; turn++) {
      await turnOfTheLoop();
      this.check();
    }
  }

  async until(isSo: () => boolean): Promise<void> {
    for (const deadline = Date.now() + patienceMs; !isSo(); await this.work(1)) {
      if (Date.now() > deadline) throw new Error(`it stands still: ${JSON.stringify(this.spool.delivery)}`);
    }
  }

  check(): void {
    const { head, delivery } = this.spool;
    const { pendingReadings } = this.spool.status();
    const sum = delivery.stored + delivery.quarantined + pendingReadings;
    if (sum !== head) throw new Error(`${head} accepted, ${sum} counted: ${JSON.stringify(delivery)}`);
    if (delivery.ranges.length > maxRanges) throw new Error(`${delivery.ranges.length} ranges`);
  }

  get isDrained(): boolean {
    return this.spool.delivery.low === this.spool.head;
  }

  async end(): Promise<void> {
    await this.delivery.stop();
    await this.spool.stop();
    await this.#quarantine.stop();
  }
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBad({ text }: Line): boolean {
  return text.includes('bad');
}

/** Series and time, and the value. */
function split(line: string): [identity: string, value: string] {
  const [prefix, fields, ts] = line.split(' ') as [string, string, string];
  return [`${prefix} ${ts}`, fields];
}

async function begin(t: Test, keepsState: boolean): Promise<Life> {
  const life = new Life(t.testdir(), keepsState);
  await life.start();
  t.teardown(() => life.end());
  return life;
}

/** A backlog that is long enough for a lane of its own, of one device. */
async function outage(life: Life, records = 40): Promise<void> {
  life.isAway = true;
  for (let index = 0; index < records; index++) await life.ingest([{ device: 'a', step: 1, isBad: false }]);
  await life.work(5);
  life.nowMs += staleMs * 2;
  // What it was asked before that is answered: such a write did not take so long.
  await life.work(longestConsideration);
}

const newer = (device: string) => ({ device, step: 1, isBad: false });

/** The store is back, with much to take, and has a fresh reading ahead of that. @returns where the backlog ends */
async function drainBesideFresh(life: Life): Promise<number> {
  await outage(life, 400);
  const backlog = life.spool.head;
  life.isAway = false;
  await life.ingest([newer('b')]);
  await life.until(() => life.spool.delivery.ranges.length > 0);
  return backlog;
}

for (const keepsState of [true, false]) {
  const kind = keepsState ? 'a store that keeps the state' : 'a store that does not';

  await t.test(`${kind}: after an outage fresh readings come first, and the backlog goes on beside them`, async (t) => {
    const life = await begin(t, keepsState);
    await outage(life);
    const low = life.spool.head;
    life.isAway = false;
    const from = life.writes.length;
    await life.ingest([newer('b')]);
    await life.until(() => life.writes.some(({ first }) => first >= low));
    await life.ingest([newer('b')]);
    const waiting = life.delivery.untilStored(life.spool.head, 60_000);
    await life.until(() => life.writes.some(({ first }) => first > low));
    const writes = life.writes.slice(from).map(({ first }) => first);
    t.ok(writes.indexOf(low) <= 3, `the ${writes.indexOf(low)}th write of ${writes.join(' ')} is fresh`);
    t.ok(await waiting, 'who waits for a fresh reading is answered');
    t.equal(life.mostUnderWay, keepsState ? 1 : 2, 'a store that keeps no state has a batch of each lane at a time');
    t.ok(life.spool.delivery.low < low, 'while the backlog still drains');
    t.ok(writes.filter((first) => first < low).length >= 2, 'which goes on meanwhile');
    t.ok(await life.delivery.untilStored(low + 1, 1), 'what is stored ahead is known to be stored');
    t.match(life.spool.delivery.ranges, [[low, low + 2]]);
    await life.until(() => life.isDrained);
    t.same(life.spool.delivery, { low: low + 2, ranges: [], stored: low + 2, quarantined: 0 });
    t.match(life.spool.status(), { pendingReadings: 0, pendingBytes: 0, oldestPendingMs: null });
    t.same(life.stored, life.expected);
  });

  await t.test(`${kind}: a correction of a reading in the backlog waits for it, and wins`, async (t) => {
    const life = await begin(t, keepsState);
    await outage(life);
    const low = life.spool.head;
    life.isAway = false;
    await life.ingest([{ device: 'a', step: -1, isBad: false }]);
    await life.ingest([newer('b')]);
    await life.until(() => life.writes.some(({ first }) => first === low + 1));
    t.match(life.spool.delivery.ranges, [[low, low + 2]], 'a late record does not part a range');
    t.notOk(
      life.writes.some(({ first }) => first === low),
      'the correction is not delivered yet',
    );
    t.notOk(await Promise.race([life.delivery.untilStored(low + 1, 1), life.work(5).then(() => false)]));
    await life.until(() => life.isDrained);
    t.same(life.stored, life.expected);
  });

  await t.test(
    `${kind}: a lane that has fallen behind goes on with the newest, and leaps over none of that`,
    async (t) => {
      const life = await begin(t, keepsState);
      const backlog = await drainBesideFresh(life);
      await outage(life, 40);
      await life.ingest([newer('c')]);
      const { head } = life.spool;
      // The store is slow: when the lane has its turn, that is no more what came in a moment ago.
      life.nowMs += staleMs;
      life.isAway = false;
      await life.until(() => deliveredEnd(life.spool.delivery) === head);
      t.ok(life.spool.delivery.low < backlog, 'while the backlog still drains');
      t.ok(life.spool.delivery.ranges.length > 1, 'and it did leap');
      await life.until(() => life.isDrained);
      t.same(life.stored, life.expected);
    },
  );

  await t.test(`${kind}: what would be stale by the time a slow store has it makes room for the newest`, async (t) => {
    const life = await begin(t, keepsState);
    await outage(life, 400);
    life.writeMs = staleMs * 0.6;
    life.isAway = false;
    while (life.spool.delivery.ranges.length === 0) {
      await life.ingest([newer('b')]);
      await life.work(1);
    }
    const from = life.spool.head;
    await Promise.all(Array.from({ length: 80 }, () => life.ingest([newer('c')])));
    const { head } = life.spool;
    await life.until(() => deliveredEnd(life.spool.delivery) === head);
    t.ok(life.spool.delivery.low < from, 'while the backlog still drains');
    const fresh = life.writes.filter(({ first }) => first >= from);
    t.ok(fresh.length <= 2, `the newest came with the ${fresh.length}th write of what is fresh`);
    while (life.spool.delivery.ranges.length > 0) {
      await life.ingest([newer('c')]);
      await life.work(longestConsideration);
    }
    t.same(life.twice, [], 'where the lanes meet, too, no reading is on its way with both');
    await life.until(() => life.isDrained);
    t.same(life.stored, life.expected);
  });

  await t.test(
    `${kind}: where the disk does not give the backlog, what is fresh is delivered all the same`,
    async (t) => {
      const life = await begin(t, keepsState);
      const backlog = await drainBesideFresh(life);
      const read = life.spool.read.bind(life.spool);
      life.spool.read = async (from, maxBytes, memory) => {
        if (from < backlog && maxBytes > 1) throw new Error('EIO');
        return read(from, maxBytes, memory);
      };
      // What was read early is delivered yet.
      await life.work(10 * longestConsideration);
      await life.ingest([newer('b')]);
      await life.until(() => deliveredEnd(life.spool.delivery) === life.spool.head);
      life.spool.read = read;
      await life.until(() => life.isDrained);
      t.same(life.stored, life.expected);
    },
  );

  await t.test(`${kind}: a late record that rots once it was passed over is counted as damaged`, async (t) => {
    const life = await begin(t, keepsState);
    await outage(life, 120);
    const low = life.spool.head;
    life.isAway = false;
    await life.ingest([newer('b')]);
    await life.ingest([{ device: 'a', step: -1, isBad: false }]);
    await life.ingest([newer('b')]);
    await life.until(() => life.spool.delivery.ranges.at(-1)?.[1] === low + 3);
    t.ok(life.spool.delivery.low < low, 'the backlog still drains');
    life.rot('device=a', low + 1);
    await life.until(() => life.isDrained);
    t.match(life.spool.status(), { pendingReadings: 0, pendingBytes: 0, heldBytes: 0, damagedReadings: 1 });
    t.same(life.spool.delivery, { low: low + 3, ranges: [], stored: low + 2, quarantined: 1 });
  });

  await t.test(`${kind}: outages while a backlog drains make ranges, of which there are never too many`, async (t) => {
    const life = await begin(t, keepsState);
    await outage(life, 2500);
    let most = 0;
    for (let round = 0; round < maxRanges + 6; round++) {
      life.isAway = false;
      await life.ingest([newer('b')]);
      const { head } = life.spool;
      await life.until(() => deliveredEnd(life.spool.delivery) === head);
      most = Math.max(most, life.spool.delivery.ranges.length);
      await outage(life, 40);
    }
    life.isAway = false;
    t.equal(most, maxRanges);
    await life.until(() => life.isDrained);
    t.same(life.stored, life.expected);
    t.equal(life.spool.delivery.stored, life.spool.head);
  });
}

await t.test('what counts as stale is how old it will be when the store has it', async (t) => {
  const spool = new SegmentedSpool({ directory: '/spool', maxBytes: 2 ** 20, keepBytes: 0, files: new MemoryFiles() });
  await spool.start(null);
  t.teardown(() => spool.stop());
  const arrivedMs = 1_700_000_000_000;
  for (let serial = 0; serial < 40; serial++)
    await spool.append({ payload: `m,device=a v=${serial} 1\n`, count: 1, late: false, arrivedMs }).durable;
  let nowMs = arrivedMs;
  const lane = new FreshLane(spool, { now: () => nowMs }, pace);
  const [first] = await spool.read(0, 1);
  const state = { ...spool.delivery, low: 1 };
  await lane.openWhenBehind([first!], state, staleMs - 1);
  t.equal(lane.stretch, undefined);
  nowMs += pace.freshMs + 1;
  await lane.openWhenBehind([first!], state, staleMs);
  t.same(lane.stretch, { from: 1, next: 1 }, 'what came while the store took its time over a write is fresh');
  nowMs = arrivedMs;
  const next = await lane.read(state, staleMs / 2 - 1);
  t.equal(next[0]!.position, 1, 'goes on where it is');
  nowMs += staleMs / 2;
  const newest = await lane.read(state, staleMs / 2);
  t.equal(newest.at(-1)!.position, spool.head - 1, 'leaps to the newest');
  t.ok(newest.length < 2 * next.length, `of which it takes ${newest.length}`);
  const from = spool.head - Math.floor(next.length * 1.5);
  lane.advance(1, from, next);
  t.equal(
    (await lane.read(state, staleMs / 2)).length,
    spool.head - from,
    'takes in one what two writes are too slow for',
  );
  t.equal((await lane.read(state, staleMs / 2 - 1)).length, next.length, 'and else a batch');
  t.same(lane.stretch, { from: 1, next: from });
});

await t.test('to a slow store it brings what lies behind the end of a segment, too', async (t) => {
  const files = new MemoryFiles();
  const spool = new SegmentedSpool({ directory: '/spool', maxBytes: 2 ** 20, keepBytes: 0, files });
  await spool.start(null);
  t.teardown(() => spool.stop());
  const nowMs = 1_700_000_000_000;
  const payloadOf = (serial: number) => `m,device=a v="${serial}${' '.repeat(10_000)}" 1\n`;
  for (let serial = 0; serial < 20; serial++)
    await spool.append({ payload: payloadOf(serial), count: 1, late: false, arrivedMs: nowMs }).durable;
  const wanted = 8;
  const lane = new FreshLane(spool, { now: () => nowMs }, { ...pace, batchBytes: 40_000 });
  const upToSegmentEnd = await spool.read(10, 80_000);
  t.ok(upToSegmentEnd.length < wanted, `a read stops behind ${upToSegmentEnd.length} records`);
  lane.advance(5, 10, await spool.read(5, 1));
  const records = await lane.read(spool.delivery, staleMs / 2);
  t.same(
    records.map(({ position }) => position),
    Array.from({ length: wanted }, (_, index) => 10 + index),
  );
  for (const { position, payload } of records) t.equal(Buffer.from(payload).toString(), payloadOf(position));
  t.ok((await lane.read(spool.delivery, staleMs / 2 - 1)).length <= wanted / 2, 'and else a batch');
  lane.advance(5, 15, records);
  t.equal((await lane.read(spool.delivery, staleMs / 2)).length, 5, 'up to the newest');
});

const reading = record({
  device: constantFrom(...devices),
  step: oneof({ weight: 6, arbitrary: integer({ min: 1, max: 2 }) }, integer({ min: -5, max: 0 })),
  isBad: integer({ min: 0, max: 30 }).map((dice) => dice === 0),
});
const step = oneof(
  {
    weight: 8,
    arbitrary: record({ readings: array(array(reading, { minLength: 1, maxLength: 4 }), { maxLength: 12 }) }),
  },
  { weight: 2, arbitrary: record({ away: boolean() }) },
  { weight: 3, arbitrary: record({ passMs: constantFrom(1_000, 4_000, 20_000) }) },
  { weight: 4, arbitrary: record({ work: integer({ min: 1, max: 60 }) }) },
  { weight: 2, arbitrary: record({ crashIn: integer({ min: 0, max: 8 }), isApplied: boolean() }) },
  { weight: 2, arbitrary: record({ isPowerCut: boolean(), forgets: boolean() }) },
);

await t.test('whatever happens, it ends as if every reading had been written in order', async (t) => {
  const directory = t.testdir();
  let ahead = 0;
  let runs = 0;
  await assert(
    asyncProperty(
      boolean(),
      constantFrom('permanent' as const, 'partial' as const),
      array(step, { minLength: 10, maxLength: 60 }),
      async (keepsState, refusal, steps) => {
        const life = new Life(path.join(directory, `${runs++}`), keepsState);
        life.refusal = refusal;
        await life.start();
        for (const one of steps) {
          if ('readings' in one) for (const readings of one.readings) await life.ingest(readings);
          else if ('away' in one) life.isAway = one.away;
          else if ('passMs' in one) life.nowMs += one.passMs;
          else if ('work' in one) await life.work(one.work);
          else if ('crashIn' in one) life.crashIn(one.crashIn, one.isApplied);
          else await life.restart(one.isPowerCut, one.forgets);
        }
        life.isAway = false;
        await life.restart(true, false);
        await life.until(() => life.isDrained);
        ahead += life.writes.filter(({ state }) => state.ranges.length > 0).length;
        const { low, stored, quarantined } = life.spool.delivery;
        await life.end();
        deepEqual(life.stored, life.expected);
        deepEqual(life.twice, []);
        equal(low, life.spool.head);
        equal(stored + quarantined, low);
      },
    ),
    { numRuns: 60 },
  );
  t.ok(ahead > 40, `${ahead} writes beside a backlog`);
});
