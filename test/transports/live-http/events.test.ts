/** /v1/live as server-sent events. */
import { once } from 'node:events';
import t from 'tap';
import { WebSocket } from 'ws';
import { encodeCursor } from '../../../src/live/cursor.js';
import type { AnyMessage, LiveReading } from '../../live/live-client.js';
import { startInlet } from '../../servers/inlet.js';
import { until } from '../../servers/until.js';
import { isRefused } from '../http/answers.js';
import { EventReader } from './event-reader.js';

const page = 'https://plant.example';
const service = await startInlet(t, { INLET_ALLOWED_ORIGINS: page });
const live = `${service.url}/v1/live`;
const events = { accept: 'text/event-stream' };
const openStreams = 'inlet_open_sockets{socket="events"}';

/** Lasts as long as the other tests; nothing matches it. */
const quiet = await EventReader.open(t, `${live}?devices=nobody`);
/** Reads nothing of what is sent to the slow one, nor ever. */
const stuck = await EventReader.open(t, `${live}?devices=slow`);
await stuck.next();
stuck.client.pause();

await t.test('each reading comes as an event, and nothing on the way is asked to keep it', async (t) => {
  const reader = await EventReader.open(t, live);
  t.match(reader.client.response.headers, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  const { event, id, message } = await reader.next();
  t.match({ event, id, message }, { event: 'subscribed', id: undefined, message: { id: 0 } });
  t.equal(message.subscribed!.subscription, 's1');
  t.notOk('recovered' in message.subscribed!, 'it did not ask to go on');
  await service.send({ device: 'd1', fields: { a: 1 } });
  const readings = await reader.next();
  t.equal(readings.event, 'readings');
  t.match(readings.message, { subscription: 's1', readings: [{ device: 'd1', fields: { a: 1 } }] });
  t.equal(readings.id, readings.message.cursor);
});

await t.test('the filter is in the URL', async (t) => {
  const reader = await EventReader.open(t, `${live}?devices=d1,e*&types=pump&fields=a&tag.site=lyon`);
  await reader.next();
  const good = { device: 'e7', type: 'pump', tags: { site: 'lyon' }, fields: { a: 1, b: 2 } };
  await service.send({ ...good, device: 'f1' }, { ...good, type: 'fan' }, { ...good, tags: { site: 'bonn' } });
  await service.send({ ...good, fields: { b: 2 } }, good);
  const { message } = await reader.next();
  t.match(message.readings, [{ device: 'e7', fields: { a: 1 } }]);
  t.equal(message.readings!.length, 1);
  t.same(Object.keys(message.readings![0]!.fields), ['a']);
});

await t.test('an id comes with events that are a place to go on from, and with no others', async (t) => {
  const now = Date.now();
  const many = Array.from({ length: 1_500 }, (_, n) => ({ device: 'm1', ts: now - n, fields: { n } }));
  await service.send(...many);
  const reader = await EventReader.open(t, `${live}?devices=m1&snapshot=true&since=-15m`);
  const received = [await reader.next()];
  while (received.at(-1)!.message.history?.done !== true) received.push(await reader.next());
  await service.send({ device: 'm1', fields: { n: -1 } });
  received.push(await reader.next());
  const places = received.map(({ event, id }) => `${event}${id === undefined ? '' : ' with an id'}`);
  t.same([...new Set(places)], ['subscribed', 'snapshot', 'history', 'history with an id', 'readings with an id']);
  t.equal(received.filter(({ id }) => id !== undefined).length, 2);
  const rows = received.flatMap(({ message }) => message.history?.readings ?? []);
  t.equal(rows.length, many.length);
});

await t.test('who breaks off before the first reading has a place to go on from', async (t) => {
  const before = await EventReader.open(t, `${live}?devices=b1`);
  const { message } = await before.next();
  t.ok(await until(async () => before.lastId === message.subscribed!.cursor));
  before.client.cut();
  await service.send({ device: 'b1', fields: { n: 1 } });
  const after = await EventReader.open(t, `${live}?devices=b1`, { 'last-event-id': before.lastId! });
  t.match((await after.next()).message, { subscribed: { recovered: true } });
  t.match((await after.next()).message, { readings: [{ fields: { n: 1 } }] });
});

await t.test('Last-Event-ID goes on, and wins over cursor, since and snapshot', async (t) => {
  const first = await EventReader.open(t, `${live}?devices=r1`);
  await first.next();
  await service.send({ device: 'r1', fields: { n: 1 } });
  const { id } = await first.next();
  first.client.cut();
  await service.send({ device: 'r1', fields: { n: 2 } });
  await service.send({ device: 'r1', fields: { n: 3 } });
  for (const rest of ['&snapshot=true&since=-15m', '&cursor=mine', `&cursor=${quiet.lastId}&snapshot=true`]) {
    const reader = await EventReader.open(t, `${live}?devices=r1${rest}`, { 'last-event-id': id! });
    t.match((await reader.next()).message, { subscribed: { recovered: true } });
    const { event, message } = await reader.next();
    t.equal(event, 'readings');
    t.same(
      message.readings!.map(({ fields }) => fields['n']),
      [2, 3],
    );
  }
});

await t.test('a Last-Event-ID that is no cursor, or another service’s, brings a gap', async (t) => {
  for (const id of ['7', 'ünknown', encodeCursor(new Map([['00000000', 5]]))]) {
    const reader = await EventReader.open(t, live, { 'last-event-id': id });
    t.match((await reader.next()).message, { subscribed: { recovered: false } });
    const gap = await reader.next();
    t.equal(gap.event, 'gap');
    t.match(gap.message.gap, { fromTs: null, toTs: null, reason: 'unknown_cursor' });
    t.equal(gap.id, gap.message.cursor);
  }
});

await t.test('what cannot be followed is refused before the stream begins', async (t) => {
  for (const [query, code] of [
    ['?cursor=mine', 'invalid_cursor'],
    [`?cursor=${quiet.lastId}&snapshot=true`, 'invalid_filter'],
    ['?since=yesterday', 'invalid_filter'],
    ['?device=d1', 'invalid_parameter'],
    ['?maxRateHz=0', 'invalid_filter'],
  ] as const) {
    await isRefused(t, await fetch(live + query, { headers: events }), 400, code, query);
  }
  const abroad = await fetch(live, { headers: { ...events, origin: 'https://evil.example' } });
  await isRefused(t, abroad, 403, 'forbidden');
});

await t.test('a page of an allowed origin may read it', async (t) => {
  const reader = await EventReader.open(t, live, { origin: page });
  t.equal(reader.client.response.headers['access-control-allow-origin'], page);
});

await t.test('only who names the media type gets events; an upgrade stays a WebSocket', async (t) => {
  for (const accept of ['*/*', 'application/json', 'text/event-stream;q=0']) {
    await isRefused(t, await fetch(live, { headers: { accept } }), 426, 'upgrade_required', accept);
  }
  await EventReader.open(t, live, { accept: 'application/json;q=0.5, Text/Event-Stream' });
  const socket = new WebSocket(live.replace('http', 'ws'), { headers: events });
  await once(socket, 'open');
  socket.terminate();
});

await t.test(
  'a reader that does not keep up gets the newest values, with a count of the others, or a gap',
  async (t) => {
    const reader = await EventReader.open(t, `${live}?devices=slow`);
    await reader.next();
    reader.client.pause();
    const batches = 400;
    const text = 'x'.repeat(1_000);
    for (let batch = 0; batch < batches; batch++) {
      const readings = Array.from({ length: 100 }, (_, n) => ({
        device: 'slow',
        fields: { n: batch * 100 + n, text },
      }));
      await service.send(...readings);
    }
    reader.client.resume();
    let last: LiveReading | undefined;
    let gap: AnyMessage['gap'];
    let received = 0;
    let merged = 0;
    while (last?.fields['n'] !== batches * 100 - 1 && !gap) {
      const { message } = await reader.next();
      last = message.readings?.at(-1) ?? last;
      received += message.readings?.length ?? 0;
      merged += message.conflated ?? 0;
      ({ gap } = message);
    }
    t.ok(received < batches * 100, `${received} came`);
    if (gap) t.equal(gap.reason, 'slow_reader');
    else t.equal(received + merged, batches * 100);
  },
);

await t.test('a stream that was left is forgotten', async (t) => {
  const fewAreLeft = async () =>
    (await service.metric(openStreams))! <= 2 && (await service.stats()).subscriptions <= 2;
  t.ok(await until(fewAreLeft), 'those of the tests before');
  const readers = await Promise.all(Array.from({ length: 20 }, async () => EventReader.open(t, live)));
  t.ok((await service.metric(openStreams))! > 20);
  t.ok((await service.stats()).subscriptions > 20);
  for (const { client } of readers) client.cut();
  t.ok(await until(fewAreLeft));
});

await t.test('a comment comes every 15 s', async (t) => {
  t.ok(await until(async () => quiet.comments.length >= 2, 60_000));
  t.ok(quiet.comments[1]! - quiet.comments[0]! > 10_000, 'and not more often');
});

await t.test('who reads nothing for 30 s is cut', async (t) => {
  t.ok(await until(async () => (await service.metric(openStreams)) === 1, 60_000), 'only the quiet one is left');
  stuck.client.resume();
  await stuck.ended;
  t.notOk(stuck.client.response.complete);
});

await t.test('a stop ends each stream in good order, and spreads those who come back', async (t) => {
  const readers = await Promise.all(Array.from({ length: 100 }, async () => EventReader.open(t, live)));
  const { code } = await service.stop();
  t.equal(code, 0);
  await Promise.all(readers.map(async ({ ended }) => ended));
  t.ok(
    readers.every(({ client }) => client.response.complete),
    'the answers are whole',
  );
  const delays = readers.map(({ retries }) => retries.at(-1)!);
  t.ok(delays.every((ms) => ms >= 0 && ms <= 110));
  t.ok(new Set(delays).size > 20, 'they differ', { delays });
  const atFirst = readers.map(({ retries }) => retries[0]!);
  t.ok(atFirst.every((ms) => ms >= 1_000 && ms < 3_000) && new Set(atFirst).size > 20, 'so do those of a break');
});
