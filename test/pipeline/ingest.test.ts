import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { Codecs } from '../../src/codecs/codecs.js';
import { MemoryCatalog } from '../../src/catalog/memory-catalog.js';
import type { Batch } from '../../src/domain/batch.js';
import { Refusal } from '../../src/domain/refusal.js';
import { Ingest } from '../../src/pipeline/ingest.js';
import type { DurableReadings } from '../../src/ports/feed.js';
import { SegmentedSpool } from '../../src/spool/log.js';
import { MemoryFiles } from '../spool/memory-files.js';

const clock = { now: () => 1_700_000_000_000 };

let seen: DurableReadings | undefined;

async function open() {
  const files = new MemoryFiles();
  const spool = new SegmentedSpool({
    directory: '/spool',
    maxBytes: 1024 * 1024,
    keepBytes: 0,
    files,
    retryEveryMs: 5,
  });
  await spool.start(null);
  const catalog = new MemoryCatalog(clock, []);
  const published: number[] = [];
  const lines: string[] = [];
  const feed = {
    publish: (readings: DurableReadings) => {
      published.push(readings.position);
      lines.push(readings.payload);
      seen = readings;
    },
  };
  const limits = { maxBatchReadings: 100, maxInFlightBytes: 1024 * 1024 };
  const codecs = new Codecs({ clock, lineDeviceTags: [] });
  const ingest = new Ingest({ codecs, catalog, spool, feed, clock, limits });
  return { files, spool, catalog, ingest, published, lines };
}

function batchOf(ingest: Ingest, value: unknown): Batch {
  const batch = ingest.decode(Buffer.from(JSON.stringify(value)), { mediaType: 'application/json', numbered: false });
  if (batch instanceof Refusal) throw batch;
  return batch;
}

t.test('turns that wait for one sync have their lines until they are published, and no longer', async (t) => {
  const { files, spool, ingest, lines } = await open();
  let letGo!: () => void;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  files.failing = (operation) => (operation === 'sync' ? held : undefined);
  const waiting: Promise<unknown>[] = [];
  for (let turn = 0; turn < 8; turn++) {
    // Each longer than all before it, so that its lines need memory that no turn had.
    const texts = Array.from({ length: 2 ** turn }, (_, value) => `${turn}`.repeat(1000) + value);
    const readings = texts.map((text, value) => ({
      device: 'd',
      ts: clock.now() + turn * 1000 + value,
      fields: { text },
    }));
    waiting.push(...readings.map(async (reading) => ingest.accept(batchOf(ingest, reading), 50)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  letGo();
  await Promise.all(waiting);
  const kept = await spool.read(0, 2 ** 20);
  t.equal(lines.length, 8);
  t.same(
    lines,
    kept.map(({ payload }) => Buffer.from(payload).toString()),
  );
  t.throws(() => seen!.bytes, /used again/);
});

t.test('no receipt, no live push and no newest value before the sync has returned', async (t) => {
  const { files, catalog, ingest, published } = await open();
  let letGo!: () => void;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  files.failing = (operation) => (operation === 'sync' ? held : undefined);
  let answered = 0;
  const accepted = [1, 2, 3].map(async (value) => {
    const outcome = await ingest.accept(
      batchOf(ingest, { device: 'd', ts: clock.now() + value, fields: { value } }),
      50,
    );
    answered++;
    return outcome;
  });
  await pause(30);
  t.equal(answered, 0);
  t.same(published, []);
  t.equal(catalog.device('d'), undefined);
  t.equal(ingest.received, 0);
  letGo();
  for (const outcome of await Promise.all(accepted))
    t.match(outcome, { receipt: { accepted: 1, rejected: 0 }, end: 3 });
  t.same(published, [0], 'what came in one turn is published together');
  t.ok(catalog.device('d'));
  t.equal(ingest.received, 3);
});

t.test('after a failed sync nothing of it is kept, counted, shown or learned', async (t) => {
  const { files, spool, catalog, ingest, published } = await open();
  files.failing = (operation) => {
    if (operation === 'sync') throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  const readings = [
    { device: 'd', fields: { kind: 'a string' } },
    { device: 'a/b', fields: { value: 1 } },
  ];
  t.match(await ingest.accept(batchOf(ingest, readings), 50), { code: 'spool_failed' });
  t.same([ingest.received, ingest.rejected, ingest.inFlightBytes, spool.head, spool.rejectedTotal], [0, 0, 0, 0, 0]);
  t.same(published, []);
  t.equal(catalog.device('d'), undefined);
  files.failing = () => undefined;
  while (spool.refusal(1)) await pause(5);
  const other = batchOf(ingest, { device: 'd', fields: { kind: 1 } });
  t.match(await ingest.accept(other, 50), { receipt: { accepted: 1 } }, 'the refused string has not locked the kind');
});

t.test('a batch of which nothing is good has its receipt at once, also while others wait', async (t) => {
  const { files, ingest } = await open();
  files.failing = (operation) => (operation === 'sync' ? new Promise<void>(() => undefined) : undefined);
  void ingest.accept(batchOf(ingest, { device: 'd', fields: { value: 1 } }), 50);
  const outcome = await ingest.accept(batchOf(ingest, { device: 'a/b', fields: { value: 1 } }), 50);
  t.match(outcome, { receipt: { accepted: 0, rejected: 1 } });
  t.same([ingest.received, ingest.rejected], [1, 1]);
});
