/** Messages on the real pipeline, with a disk that does what it is told. */
import { setTimeout as pause } from 'node:timers/promises';
import { Registry } from 'prom-client';
import t from 'tap';
import { MemoryCatalog } from '../../../src/catalog/memory-catalog.js';
import { Codecs } from '../../../src/codecs/codecs.js';
import type { Receipt, Refusal } from '../../../src/domain/refusal.js';
import { Ingest } from '../../../src/pipeline/ingest.js';
import { SegmentedSpool } from '../../../src/spool/log.js';
import { Intake } from '../../../src/transports/mqtt/intake.js';
import { MqttMetrics } from '../../../src/transports/mqtt/metrics.js';
import { Pubacks, type Expected } from '../../../src/transports/mqtt/pubacks.js';
import { until } from '../../servers/until.js';
import { MemoryFiles } from '../../spool/memory-files.js';

const at = 1_700_000_000_000;
const clock = { now: () => at };
const maxPayloadBytes = 1000;
const patienceMs = 20_000;

type Told = Receipt | Refusal | undefined;

async function open() {
  const files = new MemoryFiles();
  const spool = new SegmentedSpool({ directory: '/spool', maxBytes: 1e6, keepBytes: 0, files, retryEveryMs: 5 });
  await spool.start(null);
  const limits = { maxBatchReadings: 100, maxInFlightBytes: 1e6 };
  const ingest = new Ingest({
    codecs: new Codecs({ clock, lineDeviceTags: [] }),
    catalog: new MemoryCatalog(clock, []),
    spool,
    feed: { publish: () => undefined },
    clock,
    limits,
  });
  const registry = new Registry();
  const logged: unknown[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: (fields: object) => void logged.push(fields) };
  const intake = new Intake('broker', { ingest, metrics: new MqttMetrics(registry), log, maxPayloadBytes });
  const told: [name: string, outcome: Told][] = [];
  const take = (name: string, value: unknown, gone = new AbortController().signal) =>
    intake.take({
      device: 'd',
      payload: Buffer.from(typeof value === 'string' ? value : JSON.stringify({ ts: at, fields: { value } })),
      gone,
      settle: (outcome) => void told.push([name, outcome]),
    });
  return { files, spool, ingest, intake, told, take, logged, registry };
}

await t.test('nobody hears of a message before it is durable, and then in the order of the messages', async (t) => {
  const { files, spool, intake, told, take, registry } = await open();
  let letGo!: () => void;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  files.failing = (operation) => (operation === 'sync' ? held : undefined);
  const syncs = files.syncs;
  for (let n = 0; n < 5; n++) take(`first ${n}`, n);
  await pause(20);
  for (let n = 0; n < 5; n++) take(`second ${n}`, n);
  await pause(20);
  t.same(told, []);
  t.equal(spool.head, 0);
  letGo();
  await intake.stop();
  t.same(
    told.map(([name, outcome]) => [name, (outcome as Receipt).accepted]),
    ['first', 'second'].flatMap((turn) => [0, 1, 2, 3, 4].map((n) => [`${turn} ${n}`, 1])),
  );
  t.equal(spool.head, 10);
  t.equal(files.syncs - syncs, 2, 'what came together was synced together');
  t.match(await registry.metrics(), /inlet_mqtt_messages_total\{way="broker",outcome="accepted"\} 10\n/);
});

await t.test(
  'a message whose sync failed is held without an answer, and taken when the disk is well again',
  async (t) => {
    const { files, spool, ingest, told, take, registry } = await open();
    files.failing = (operation) => {
      if (operation === 'sync') throw Object.assign(new Error('EIO'), { code: 'EIO' });
    };
    take('a', 1);
    take('b', 2);
    const heldCount = async () => Number(/held_messages\{way="broker"\} (\d+)/.exec(await registry.metrics())?.[1]);
    t.ok(await until(async () => (await heldCount()) === 2, patienceMs));
    t.same(told, []);
    t.equal(spool.head, 0);
    files.failing = () => undefined;
    t.ok(await until(async () => told.length === 2, patienceMs));
    t.match(told, [
      ['a', { accepted: 1, rejected: 0 }],
      ['b', { accepted: 1, rejected: 0 }],
    ]);
    t.same([spool.head, ingest.received, ingest.inFlightBytes, await heldCount()], [2, 2, 0, 0], 'each of them once');
  },
);

await t.test('what can never be taken is refused at once, while others wait', async (t) => {
  const { files, told, take } = await open();
  files.failing = (operation) => (operation === 'sync' ? new Promise<void>(() => undefined) : undefined);
  take('good', 1);
  take('no JSON', '{');
  take('too large', 'x'.repeat(maxPayloadBytes + 1));
  take('not a value', { an: 'object' });
  await pause(20);
  t.match(told, [
    ['no JSON', { code: 'malformed' }],
    ['too large', { code: 'too_large' }],
    ['not a value', { accepted: 0, rejected: 1 }],
  ]);
});

await t.test(
  'who is gone while its message is held, or at the end, has it given up, and nothing of it is kept',
  async (t) => {
    const { files, spool, ingest, intake, told, take } = await open();
    files.failing = (operation) => {
      if (operation === 'sync') throw Object.assign(new Error('EIO'), { code: 'EIO' });
    };
    const sender = new AbortController();
    take('gone', 1, sender.signal);
    take('there', 2);
    t.ok(await until(async () => spool.refusal(1) !== undefined, patienceMs));
    sender.abort();
    t.ok(await until(async () => told.length === 1, patienceMs));
    t.same(told, [['gone', undefined]]);
    ingest.stop();
    await intake.stop();
    t.same(told[1], ['there', undefined]);
    files.failing = () => undefined;
    take('late', 3);
    t.same(told[2], ['late', undefined], 'nor is what comes then');
    t.equal(spool.head, 0);
  },
);

t.test('PUBACKs keep the order of the messages, and leave out those that are not to have one', async (t) => {
  const pubacks = new Pubacks();
  const messages = [1, 2, 0xabcd, 4].map((packetId): Expected => ({ packetId, state: 'open' }));
  for (const message of messages) pubacks.expect(message);
  messages[1]!.state = 'ready';
  t.equal(pubacks.take(), undefined, 'the first is not ready');
  messages[0]!.state = 'withheld';
  messages[2]!.state = 'ready';
  t.same(pubacks.take()?.toString('hex'), '400200024002abcd');
  t.equal(pubacks.size, 1);
  messages[3]!.state = 'withheld';
  t.equal(pubacks.take(), undefined);
  t.equal(pubacks.size, 0);
});
