import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { encodeCursor } from '../../../src/live/cursor.js';
import { topicOf } from '../../../src/live/bus/topics.js';
import { until } from '../../servers/until.js';
import type { Reader } from '../feed-rig.js';
import { Exchange, openInstances, type BusInstance } from './bus-rig.js';

const [a, b] = ['aaaaaaaa', 'bbbbbbbb'] as const;

const numbersOf = (reader: Reader) => reader.fields.map(({ a }) => a);
const gapsOf = (reader: Reader) => reader.messages.flatMap(({ gap }) => (gap ? [gap.reason] : []));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, k) => from + k);

/** One batch for each. */
async function publish({ rig }: BusInstance, from: number, to: number): Promise<void> {
  for (const a of range(from, to)) {
    await rig.publish({ fields: { a } });
    await new Promise(setImmediate);
  }
}

async function has(reader: Reader, numbers: number[]): Promise<boolean> {
  return until(async () => JSON.stringify(numbersOf(reader)) === JSON.stringify(numbers), 20_000);
}

await t.test('a message that is lost is fetched before what came behind it goes on', async (t) => {
  const exchange = new Exchange();
  const [one, other] = (await openInstances(t, exchange, a, b)) as [BusInstance, BusInstance];
  const reader = other.rig.connect();
  reader.subscribe({});
  let lost = 0;
  exchange.loses = (topic, payload) => topic === topicOf(a, 'batch') && payload.includes('a=3 ') && ++lost > 0;
  await publish(one, 0, 8);
  t.ok(await has(reader, range(0, 8)), 'all, once and in order', { got: numbersOf(reader) });
  t.equal(lost, 1);
  const { gaps, malformed, received, fetched } = other.bus.state;
  t.same([gaps, malformed, received + fetched], [0, 0, 8]);
  t.ok(fetched >= 1);
  t.same(gapsOf(reader), []);
});

await t.test('that the last message is lost shows as well', async (t) => {
  const exchange = new Exchange();
  const [one, other] = (await openInstances(t, exchange, a, b)) as [BusInstance, BusInstance];
  const reader = other.rig.connect();
  reader.subscribe({});
  exchange.loses = (topic) => topic === topicOf(a, 'batch');
  await publish(one, 0, 3);
  t.ok(await has(reader, [0, 1, 2]));
});

await t.test('what cannot be fetched is told as a gap, and what came behind it goes on', async (t) => {
  const exchange = new Exchange();
  const [one, other] = (await openInstances(t, exchange, a, b)) as [BusInstance, BusInstance];
  const reader = other.rig.connect();
  reader.subscribe({});
  exchange.loses = (topic, payload) =>
    topic === topicOf(a, 'fetch') || (topic === topicOf(a, 'batch') && payload.includes('a=3 '));
  await publish(one, 0, 3);
  t.ok(await has(reader, [0, 1, 2]));
  await publish(one, 3, 6);
  // The first question has gone unanswered then.
  await pause(2_500);
  t.same(numbersOf(reader), [0, 1, 2], 'it is tried for a while');
  other.rig.aheadMs = 11_000;
  t.ok(await has(reader, [0, 1, 2, 4, 5]), 'then the others come', { got: numbersOf(reader) });
  t.same(gapsOf(reader), ['bus']);
  t.equal(other.bus.state.gaps, 1);
  const at = reader.messages.findIndex(({ gap }) => gap !== undefined);
  t.match(reader.messages.slice(at + 1), [{ readings: [{ fields: { a: 4 } }] }], 'behind the notice');
});

await t.test('a cursor of another instance gives what is behind it of each, and nothing twice', async (t) => {
  const exchange = new Exchange();
  const [one, other] = (await openInstances(t, exchange, a, b)) as [BusInstance, BusInstance];
  await publish(one, 0, 10);
  await publish(other, 100, 110);
  t.ok(await until(async () => other.bus.state.peers[0]!.position === 10));
  for (const [fromA, fromB] of [
    [0, 0],
    [4, 7],
    [10, 3],
    [10, 10],
  ] as const) {
    const reader = other.rig.connect();
    const cursor = encodeCursor(
      new Map([
        [a, fromA],
        [b, fromB],
      ]),
    );
    t.equal(reader.subscribe({ cursor }).recovered, true);
    const expected = [...range(fromA, 10), ...range(100 + fromB, 110)];
    t.ok(await until(async () => numbersOf(reader).length >= expected.length));
    await pause(50);
    t.same(
      numbersOf(reader).toSorted((x, y) => Number(x) - Number(y)),
      expected,
      `from ${fromA} and ${fromB}`,
    );
    reader.connection.end();
  }
});

await t.test('a client that is ahead of what has come here gets only what it does not have', async (t) => {
  const exchange = new Exchange();
  const [one, other] = (await openInstances(t, exchange, a, b)) as [BusInstance, BusInstance];
  await publish(one, 0, 3);
  t.ok(await until(async () => other.bus.state.peers[0]!.position === 3));
  other.wire.disconnect();
  await publish(one, 3, 8);
  const reader = other.rig.connect();
  const subscription = reader.subscribe({
    cursor: encodeCursor(
      new Map([
        [a, 6],
        [b, 0],
      ]),
    ),
  });
  t.equal(subscription.recovered, true);
  await publish(other, 100, 103);
  t.ok(await has(reader, [100, 101, 102]), 'meanwhile the others come');
  t.ok(subscription.reached().length > 0);
  other.wire.connect();
  t.ok(await has(reader, [100, 101, 102, 6, 7]), 'not those that it had', { got: numbersOf(reader) });
  await publish(one, 8, 10);
  t.ok(await has(reader, [100, 101, 102, 6, 7, 8, 9]));
  t.same(gapsOf(reader), []);
});

await t.test('of an instance that nobody has heard of, what came since is said to be missing', async (t) => {
  const exchange = new Exchange();
  const [, other] = (await openInstances(t, exchange, a, b)) as [BusInstance, BusInstance];
  const reader = other.rig.connect();
  t.equal(
    reader.subscribe({
      cursor: encodeCursor(
        new Map([
          ['cccccccc', 6],
          [a, 0],
          [b, 0],
        ]),
      ),
    }).recovered,
    false,
  );
  t.ok(await until(async () => gapsOf(reader).length === 1));
  t.same(gapsOf(reader), ['unknown_cursor']);
});

await t.test('nothing waits for a broker that is away', async (t) => {
  const exchange = new Exchange();
  const [one, other] = (await openInstances(t, exchange, a, b)) as [BusInstance, BusInstance];
  one.wire.disconnect();
  await publish(one, 0, 5);
  t.match(one.bus.state, { isConnected: false, published: 0, unsent: 5 });
  const reader = other.rig.connect();
  reader.subscribe({});
  one.wire.connect();
  t.ok(await has(reader, range(0, 5)), 'they are fetched');
});

await t.test('what is no batch of an instance is counted, and never shown', async (t) => {
  const exchange = new Exchange();
  const [one, other] = (await openInstances(t, exchange, a, b)) as [BusInstance, BusInstance];
  const reader = other.rig.connect();
  reader.subscribe({});
  const batches = [
    '',
    '{}',
    '{"from":0}\n',
    '{"from":0,"count":1}\npump,device=d1 a=1',
    '{"from":0,"count":2}\npump,device=d1 a=1 1700000000000000000\n',
    '{"from":0,"count":1}\npump,device=d"1 a=1 1700000000000000000\n',
    '{"from":0,"count":1}\npump,device=d1 a"b=1 1700000000000000000\n',
    '{"from":-1,"count":1}\npump,device=d1 a=1 1700000000000000000\n',
    '{"from":1e300,"count":1}\npump,device=d1 a=1 1700000000000000000\n',
  ];
  for (const batch of batches) exchange.send(topicOf(a, 'batch'), Buffer.from(batch), false);
  for (const subject of ['status', 'fetch', 'answer'] as const) {
    exchange.send(topicOf(subject === 'status' ? a : b, subject), Buffer.from('{"id":1,'), false);
    exchange.send(topicOf(subject === 'status' ? a : b, subject), Buffer.from('[]\n'), false);
  }
  t.ok(await until(async () => other.bus.state.malformed >= batches.length + 6));
  await publish(one, 0, 2);
  t.ok(await has(reader, [0, 1]));
});

await t.test('more instances than a cursor has room for are left out, and counted', async (t) => {
  const exchange = new Exchange();
  const names = range(1, 10).map((n) => String(n).repeat(8));
  const instances = await openInstances(t, exchange, ...names);
  const states = instances.map(({ bus }) => bus.state);
  t.ok(states.every(({ peers }) => peers.length <= 7));
  t.ok(states.some(({ refused }) => refused > 0));
  const reader = instances[0]!.rig.connect();
  t.ok(reader.subscribe({}).cursor.length <= 256);
});
