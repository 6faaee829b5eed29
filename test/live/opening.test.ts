/** What comes before the live readings when not all of it can be had. */
import t from 'tap';
import { decodeCursor, encodeCursor } from '../../src/live/cursor.js';
import { Refusal } from '../../src/domain/refusal.js';
import { StoreAway } from '../../src/ports/history-store.js';
import { MemoryReader } from '../history/memory-reader.js';
import { startInlet } from '../servers/inlet.js';
import { until } from '../servers/until.js';
import { FeedRig, instance, startMs, type Reader } from './feed-rig.js';
import { LiveClient } from './live-client.js';

const since = startMs;
const cursorOf = (position: number, name = instance) => encodeCursor(new Map([[name, position]]));

async function untilDone(reader: Reader): Promise<boolean> {
  return until(async () => reader.messages.some(({ history }) => history?.done));
}

await t.test('what the store does not have yet comes from the spool', async (t) => {
  const rig = await FeedRig.open(t);
  await rig.publish({ ms: startMs + 2, fields: { a: 2 } }, { ms: startMs - 1, fields: { a: 0 } });
  await rig.publish({ ms: startMs + 1, fields: { a: 1, s: 'x' } }, { ms: startMs + 2, fields: { s: 'y' } });
  const reader = rig.connect();
  reader.subscribe({ history: { since } });
  t.ok(await untilDone(reader));
  await rig.publish({ ms: startMs, fields: { a: 9 } });
  t.ok(await until(async () => reader.fields.length > 0));
  const history = reader.messages.flatMap(({ history }) => history?.readings ?? []);
  t.same(
    history.map(({ ts, fields }) => [ts, fields]),
    [
      [startMs + 1, { a: 1, s: 'x' }],
      [startMs + 2, { a: 2, s: 'y' }],
    ],
    'by time, one of an identity, since the time',
  );
  t.same(reader.fields, [{ a: 9 }], 'and live whatever its time');
  t.same(
    reader.messages.map(({ kind }) => kind),
    ['history', 'readings'],
  );
});

await t.test('a store that is away leaves a gap, and the feed goes on', async (t) => {
  const reader = new MemoryReader();
  reader.scan = async function* () {
    yield [];
    throw new StoreAway('gone');
  };
  const rig = await FeedRig.open(t, { reader });
  await rig.publish({ ms: startMs + 2, fields: { a: 2 } });
  const client = rig.connect();
  const { cursor } = client.subscribe({ history: { since } });
  t.ok(await untilDone(client));
  t.match(client.messages, [
    { kind: 'gap', cursor, gap: { fromTs: since, toTs: null, reason: 'backlog' } },
    { kind: 'history', history: { readings: [], done: true } },
  ]);
  await rig.publish({ fields: { a: 3 } });
  t.ok(await until(async () => client.fields.length === 1));
});

await t.test('maxPoints thins the history, the extremes among what is left', async (t) => {
  const rig = await FeedRig.open(t);
  const numbers = Array.from({ length: 1000 }, (_, k) => ({ ms: startMs + k, fields: { a: k === 500 ? -7 : k } }));
  await rig.publish(...numbers);
  const client = rig.connect();
  client.subscribe({ history: { since, maxPoints: 10 } });
  t.ok(await untilDone(client));
  await rig.publish(...numbers);
  t.ok(await until(async () => client.fields.length === 1000), 'and the history only');
  const points = client.messages.flatMap(({ history }) => history?.readings ?? []);
  t.ok(points.length > 2 && points.length <= 10);
  const values = points.map(({ fields }) => fields['a']);
  t.ok(values.includes(-7) && values.includes(999));
});

await t.test('the store holds the place of a history until it was read, or nobody waits for it', async (t) => {
  const reader = new MemoryReader();
  const rig = await FeedRig.open(t, { reader });
  await rig.publish({ fields: { a: 1 } }, { fields: { a: 2 } });
  const client = rig.connect();
  const left = rig.connect();
  for (const one of [client, left]) {
    one.subscribe({ history: { since } });
    t.same([...reader.held], [2], 'from the moment in which the place is taken');
  }
  left.connection.end();
  t.ok(await untilDone(client));
  t.ok(await until(async () => reader.held.size === 0));
  rig.connect().subscribe({});
  t.equal(reader.held.size, 0, 'nothing is held for who asks for no history');
});

await t.test('more than the bound that the store does not have yet is a gap', async (t) => {
  const rig = await FeedRig.open(t);
  const text = 'x'.repeat(16_000);
  const many = Array.from({ length: 128 }, (_, a) => ({ ms: startMs + a, fields: { s: text } }));
  for (let k = 0; k < 33; k++) await rig.publish(...many);
  const client = rig.connect();
  client.subscribe({ history: { since } });
  t.ok(await untilDone(client));
  t.match(client.messages[0]!.gap, { fromTs: since, toTs: null, reason: 'backlog' });
});

await t.test('a cursor that this feed has never given, or not any more', async (t) => {
  const rig = await FeedRig.open(t);
  await rig.publish({ fields: { a: 1 } });
  for (const cursor of [cursorOf(5), cursorOf(0, 'ffffffff')]) {
    const reader = rig.connect();
    const handle = reader.subscribe({ cursor });
    t.equal(handle.recovered, false);
    t.match(reader.messages, [{ kind: 'gap', gap: { fromTs: null, toTs: null, reason: 'unknown_cursor' } }]);
    t.equal(decodeCursor(handle.cursor)!.get(instance), 1);
    reader.connection.end();
  }
  const reader = rig.connect();
  t.match(reader.connection.subscribe('s1', { cursor: 'no cursor' }), { code: 'invalid_cursor' });
  const any = reader.connection.subscribe('s1', { cursor: 'no cursor' }, { takesAnyCursor: true });
  if (any instanceof Refusal) return t.fail('takes any cursor');
  t.equal(any.recovered, false);
  for (const beside of [{ history: { since } }, { snapshot: true }])
    t.match(reader.connection.subscribe('s1', { cursor: cursorOf(0), ...beside }), {
      code: 'invalid_filter',
      message: /cursor/,
    });
  t.match(reader.connection.subscribe('s1', { history: { since: 'once' } }), {
    code: 'invalid_filter',
    message: /history\.since/,
  });
});

await t.test('over a restart a cursor goes on; one whose readings are gone says so', async (t) => {
  const service = await startInlet(t, {
    INLET_SPOOL_MAX_BYTES: '1 MiB',
    INLET_SPOOL_KEEP_BYTES: '128 KiB',
    INLET_MAX_BODY_BYTES: '1 MiB',
  });
  const client = await LiveClient.open(t, service.url);
  const { cursor: first } = await client.subscribe({ devices: ['d*'] });
  await service.send({ device: 'd1', fields: { n: 0 } });
  const { cursors } = await client.readings(1);
  await client.close();
  await service.send({ device: 'd1', fields: { n: 1 } }, { device: 'e1', fields: { n: 2 } });
  await service.restart();
  await service.send({ device: 'd2', fields: { n: 3 } });
  const again = await LiveClient.open(t, service.url);
  t.match(await again.subscribe({ devices: ['d*'], cursor: cursors[0] }), { recovered: true });
  const { readings } = await again.readings(2);
  t.same(
    readings.map(({ fields }) => fields['n']),
    [1, 3],
  );
  const text = 'x'.repeat(1000);
  for (let k = 0; k < 10; k++) {
    await service.send(...Array.from({ length: 100 }, (_, n) => ({ device: 'e1', fields: { n, text } })));
    await service.settled();
  }
  const late = await LiveClient.open(t, service.url);
  t.match(await late.subscribe({ devices: ['d*'], cursor: first }), { recovered: false });
  const { gap, cursor } = await late.next();
  t.equal(gap?.reason, 'cursor_too_old');
  await service.send({ device: 'd2', fields: { n: 4 } });
  t.equal((await late.readings(1)).readings[0]!.fields['n'], 4);
  await late.close();
  const third = await LiveClient.open(t, service.url);
  t.match(
    await third.subscribe({ devices: ['d*'], cursor }),
    { recovered: true },
    "a gap's own cursor is a place to go on from",
  );
  t.equal((await third.readings(1)).readings[0]!.fields['n'], 4);
});
