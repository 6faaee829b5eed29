import { array, constantFrom, dictionary, integer, record, sample } from 'fast-check';
import t, { type Test } from 'tap';
import { Codecs } from '../../src/codecs/codecs.js';
import { MemoryCatalog } from '../../src/catalog/memory-catalog.js';
import { replaySpool } from '../../src/catalog/replay.js';
import { LineReader } from '../../src/domain/line.js';
import { Refusal } from '../../src/domain/refusal.js';
import { Ingest } from '../../src/pipeline/ingest.js';
import type { ReadingLines } from '../../src/ports/feed.js';
import type { SpoolRecord } from '../../src/ports/spool.js';
import { SegmentedSpool } from '../../src/spool/log.js';
import { MemoryFiles } from '../spool/memory-files.js';

const nowMs = 1_700_000_000_000;
const clock = { now: () => nowMs };

interface Sent {
  device: string;
  ts: number;
  fields: Record<string, number>;
}

const reading = record({
  device: constantFrom('a', 'b', 'c'),
  ts: integer({ min: nowMs, max: nowMs + 6 }),
  fields: dictionary(constantFrom('x', 'y', 'toString'), integer({ min: 0, max: 1000 }), { minKeys: 1 }),
});
/** Turns of the event loop, with batches of readings in each. */
const turns = array(array(array(reading, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 6,
});

async function open(t: Test) {
  const files = new MemoryFiles();
  const spool = new SegmentedSpool({ directory: '/spool', maxBytes: 2 ** 20, keepBytes: 0, files, retryEveryMs: 5 });
  await spool.start(null);
  t.teardown(() => spool.stop());
  const catalog = new MemoryCatalog(clock, []);
  const published: ReadingLines[] = [];
  const feed = {
    publish: ({ position, count, payload }: ReadingLines) => void published.push({ position, count, payload }),
  };
  const limits = { maxBatchReadings: 100, maxInFlightBytes: 2 ** 20 };
  const codecs = new Codecs({ clock, lineDeviceTags: [] });
  const ingest = new Ingest({ codecs, catalog, spool, feed, clock, limits });
  async function send(readings: Sent[]): Promise<number | Refusal> {
    const batch = ingest.decode(Buffer.from(JSON.stringify(readings)), {
      mediaType: 'application/json',
      numbered: false,
    });
    if (batch instanceof Refusal) throw batch;
    const outcome = await ingest.accept(batch, 100);
    return outcome instanceof Refusal ? outcome : outcome.end;
  }
  return { files, spool, catalog, published, send };
}

function readingsOf({ payload }: Pick<SpoolRecord, 'payload'>): Sent[] {
  const lines = new LineReader(Buffer.from(payload).toString());
  const found: Sent[] = [];
  while (lines.next()) {
    const fields = Object.fromEntries(lines.values.slice(0, lines.fieldCount).map((v, k) => [lines.keys[k]!, v]));
    found.push({ device: lines.prefix.split('=')[1]!, ts: lines.ms, fields: fields as Sent['fields'] });
  }
  return found;
}

/** What a store shows that takes readings in this order: by identity, field by field, the last wins. */
function stored(readings: readonly Sent[]): Record<string, Record<string, number>> {
  const rows: Record<string, Record<string, number>> = {};
  for (const { device, ts, fields } of readings) Object.assign((rows[`${device} ${ts}`] ??= {}), fields);
  return rows;
}

/** By device and field, the value of the newest time. */
function newestOf(readings: readonly Sent[]): Record<string, [ms: number, value: number]> {
  const newest: Record<string, [number, number]> = {};
  for (const { device, ts, fields } of readings) {
    for (const [name, value] of Object.entries(fields)) {
      const known = newest[`${device}.${name}`];
      if (!known || ts >= known[0]) newest[`${device}.${name}`] = [ts, value];
    }
  }
  return newest;
}

function newestIn(catalog: MemoryCatalog): Record<string, [ms: number, value: number]> {
  const newest: Record<string, [number, number]> = {};
  for (const { series, fields } of catalog.newest()) {
    for (const { name, ms, value } of fields) newest[`${series.device}.${name}`] = [ms, value as number];
  }
  return newest;
}

t.test(
  'corrections correct, within a turn and over turns, though late readings stand in records of their own',
  async (t) => {
    for (const sent of sample(turns, 300)) {
      const { spool, catalog, published, send } = await open(t);
      const ends: (number | Refusal)[] = [];
      for (const turn of sent) ends.push(...(await Promise.all(turn.map(send))));
      const accepted = sent.flat(2);
      const records = await spool.read(0, 2 ** 20);
      const kept = records.flatMap(readingsOf);
      t.equal(kept.length, accepted.length);
      t.same(stored(kept), stored(accepted), 'what a store will show');
      t.same(newestIn(catalog), newestOf(accepted), 'what the catalog says');
      const afterStart = new MemoryCatalog(clock, []);
      await replaySpool(spool, afterStart, 0);
      t.same(newestIn(afterStart), newestOf(accepted), 'what the next start finds');

      const heads = new Map<string, number>();
      let position = 0;
      for (const record of records) {
        t.equal(record.position, position);
        position += record.count;
        for (const { device, ts } of readingsOf(record)) {
          const isLate = ts <= (heads.get(device) ?? -1);
          if (!isLate) heads.set(device, ts);
          if (isLate !== record.late) t.fail('a late reading in a fresh record, or the reverse', { sent });
        }
      }
      t.equal(ends.at(-1), position, 'a receipt waits for both records');
      t.same(
        published.map(({ position, count, payload }) => [position, count, payload]),
        records.map(({ position, count, payload }) => [position, count, Buffer.from(payload).toString()]),
        'what is live lies so in the spool',
      );
    }
  },
);

t.test('fresh readings may be delivered before the late ones of an older turn, and nothing old wins', async (t) => {
  for (const sent of sample(turns, 300)) {
    const { spool, send } = await open(t);
    for (const turn of sent) await Promise.all(turn.map(send));
    const records = await spool.read(0, 2 ** 20);
    const freshFirst = [...records.filter(({ late }) => !late), ...records.filter(({ late }) => late)];
    t.same(stored(freshFirst.flatMap(readingsOf)), stored(sent.flat(2)));
  }
});

t.test('when the sync fails, neither the fresh nor the late readings of a turn are kept', async (t) => {
  const { files, spool, catalog, published, send } = await open(t);
  files.failing = (operation) => {
    if (operation === 'sync') throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  const at = (offset: number): Sent => ({ device: 'a', ts: nowMs + offset, fields: { x: offset } });
  t.match(await send([at(1), at(0), at(2)]), { code: 'spool_failed' });
  t.same([spool.head, published.length, catalog.device('a')], [0, 0, undefined]);
});
