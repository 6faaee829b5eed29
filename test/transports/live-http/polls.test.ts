/** /v1/live/poll. */
import { get } from 'node:http';
import t from 'tap';
import { encodeCursor } from '../../../src/live/cursor.js';
import type { Gap } from '../../../src/domain/generated/live-frames.js';
import { LiveClient, type LiveReading } from '../../live/live-client.js';
import { startInlet } from '../../servers/inlet.js';
import { until } from '../../servers/until.js';
import { isRefused } from '../http/answers.js';
import { EventReader } from './event-reader.js';

const page = 'https://plant.example';
const service = await startInlet(t, { INLET_ALLOWED_ORIGINS: page });
const waitingPolls = 'inlet_open_sockets{socket="poll"}';

interface Answer {
  cursor: string;
  readings: LiveReading[];
  gap: Gap | null;
}

const poll = async (query: string) => service.getJson<Answer>(`/v1/live/poll?${query}`);
const numbers = ({ readings }: Answer) => readings.map(({ fields }) => fields['n']);

await t.test('without a cursor it is answered at once, with where the feed is', async (t) => {
  await service.send({ device: 'd1', fields: { n: 1 } });
  const answer = await poll('wait=60');
  t.same(answer, { cursor: answer.cursor, readings: [], gap: null });
  await service.send({ device: 'd1', fields: { n: 2 } });
  t.same(numbers(await poll(`cursor=${answer.cursor}`)), [2]);
  const { headers } = await fetch(`${service.url}/v1/live/poll`);
  t.equal(headers.get('cache-control'), 'no-store');
  t.match(headers.get('content-type'), /^application\/json/);
});

await t.test('what is there comes at once, filtered, however long or short the wait', async (t) => {
  const { cursor } = await poll('');
  const good = { device: 'e7', type: 'pump', tags: { site: 'lyon' }, fields: { n: 1, b: 2 } };
  await service.send({ ...good, device: 'f1' }, { ...good, tags: { site: 'bonn' } }, good, {
    ...good,
    fields: { n: 2 },
  });
  for (const wait of ['60', '0', '0.5']) {
    const answer = await poll(`cursor=${cursor}&devices=e*&types=pump&fields=n&tag.site=lyon&wait=${wait}`);
    t.same(numbers(answer), [1, 2]);
    t.same(Object.keys(answer.readings[0]!.fields), ['n']);
  }
});

await t.test('who waits is answered when something comes', async (t) => {
  const { cursor } = await poll('');
  const answer = poll(`cursor=${cursor}&devices=w1&wait=60`);
  t.ok(await until(async () => (await service.metric(waitingPolls)) === 1), 'it is counted');
  await service.send({ device: 'other', fields: { n: 1 } });
  await service.send({ device: 'w1', fields: { n: 2 } });
  t.same(numbers(await answer), [2]);
  t.ok(await until(async () => (await service.metric(waitingPolls)) === 0));
});

await t.test(
  'when nothing comes it is answered empty, no sooner than it asked for, and its place has moved',
  async (t) => {
    const { cursor } = await poll('');
    await service.send({ device: 'other', fields: { n: 1 } });
    const askedMs = Date.now();
    const answer = await poll(`cursor=${cursor}&devices=w1&wait=1`);
    t.ok(Date.now() - askedMs >= 990);
    t.match(answer, { readings: [], gap: null });
    t.not(answer.cursor, cursor);
    await service.send({ device: 'w1', fields: { n: 7 } });
    t.same(numbers(await poll(`cursor=${answer.cursor}&devices=w1`)), [7]);
  },
);

await t.test('every reading comes once, poll by poll, in order', async (t) => {
  let { cursor } = await poll('');
  const count = 3_500;
  await service.send(...Array.from({ length: count }, (_, n) => ({ device: 'm1', fields: { n } })));
  const received: unknown[] = [];
  let polls = 0;
  for (; received.length < count && polls < 10; polls++) {
    const answer = await poll(`cursor=${cursor}&devices=m1`);
    t.ok(answer.readings.length <= 1_000, 'an answer is bounded');
    received.push(...numbers(answer));
    ({ cursor } = answer);
  }
  t.same(
    received,
    Array.from({ length: count }, (_, n) => n),
  );
});

await t.test('a wait from 0 to 60 s is taken, and no other', async (t) => {
  for (const wait of ['61', '60.5', '-1', '', 'x', '1e1', '100', '0&wait=1']) {
    const response = await fetch(`${service.url}/v1/live/poll?wait=${wait}`);
    await isRefused(t, response, 400, 'invalid_parameter', wait);
  }
});

await t.test('what cannot be followed is refused', async (t) => {
  const { cursor } = await poll('');
  for (const [query, code] of [
    ['cursor=mine', 'invalid_cursor'],
    ['cursor=', 'invalid_cursor'],
    [`cursor=${cursor}&snapshot=true`, 'invalid_filter'],
    ['device=d1', 'invalid_parameter'],
  ] as const) {
    await isRefused(t, await fetch(`${service.url}/v1/live/poll?${query}`), 400, code, query);
  }
  const abroad = await fetch(`${service.url}/v1/live/poll`, { headers: { origin: 'https://evil.example' } });
  await isRefused(t, abroad, 403, 'forbidden');
  const allowed = await fetch(`${service.url}/v1/live/poll`, { headers: { origin: page } });
  t.equal(allowed.headers.get('access-control-allow-origin'), page);
});

await t.test('another service’s cursor brings a gap, and a cursor that goes on', async (t) => {
  const answer = await poll(`cursor=${encodeCursor(new Map([['00000000', 5]]))}&wait=60`);
  t.match(answer, { readings: [], gap: { fromTs: null, toTs: null, reason: 'unknown_cursor' } });
  await service.send({ device: 'd1', fields: { n: 9 } });
  t.same(numbers(await poll(`cursor=${answer.cursor}`)), [9]);
});

await t.test('it may begin with the newest values or with history', async (t) => {
  const count = 2_500;
  const ts = Date.now() - count;
  await service.send(...Array.from({ length: count }, (_, n) => ({ device: 'h1', ts: ts + n, fields: { n } })));
  const newest = await poll('devices=h1&snapshot=true');
  t.same(numbers(newest), [count - 1]);
  const past = await poll('devices=h1&since=-15m');
  t.same(
    numbers(past),
    Array.from({ length: count }, (_, n) => n),
  );
  const thinned = await poll('devices=h1&since=-15m&maxPoints=10');
  t.ok(thinned.readings.length <= 10 && thinned.readings.length > 1);
  const nothing = await poll('devices=nobody&snapshot=true&since=-15m');
  t.same(nothing.readings, []);
  await service.send({ device: 'h1', fields: { n: -1 } });
  for (const { cursor } of [newest, past, thinned]) t.same(numbers(await poll(`devices=h1&cursor=${cursor}`)), [-1]);
});

await t.test('a cursor leads on in every form', async (t) => {
  const { cursor } = await poll('');
  await service.send({ device: 'x1', fields: { n: 1 } });
  const events = await EventReader.open(t, `${service.url}/v1/live?devices=x1&cursor=${cursor}`);
  t.match((await events.next()).message, { subscribed: { recovered: true } });
  const { message, id } = await events.next();
  t.match(message.readings, [{ fields: { n: 1 } }]);
  await service.send({ device: 'x1', fields: { n: 2 } });
  const socket = await LiveClient.open(t, service.url, `?devices=x1&cursor=${id}`);
  t.match(await socket.next(), { subscribed: { recovered: true } });
  const { cursors } = await socket.readings(1);
  await service.send({ device: 'x1', fields: { n: 3 } });
  t.same(numbers(await poll(`devices=x1&cursor=${cursors[0]}`)), [3]);
});

await t.test('a poll whose client went away is forgotten', async (t) => {
  const { cursor } = await poll('');
  const { subscriptions } = await service.stats();
  const requests = Array.from({ length: 20 }, () => {
    const request = get(`${service.url}/v1/live/poll?cursor=${cursor}&devices=nobody&wait=60`, { agent: false });
    return request.on('error', () => undefined);
  });
  t.ok(await until(async () => (await service.stats()).subscriptions === subscriptions + 20));
  for (const request of requests) request.destroy();
  t.ok(await until(async () => (await service.metric(waitingPolls)) === 0));
  t.equal((await service.stats()).subscriptions, subscriptions);
});

await t.test('a stop answers those who wait', async (t) => {
  const { cursor } = await poll('');
  const waiting = Array.from({ length: 10 }, async () => poll(`cursor=${cursor}&devices=nobody&wait=60`));
  t.ok(await until(async () => (await service.metric(waitingPolls)) === 10));
  const { code } = await service.stop();
  t.equal(code, 0);
  for (const answer of await Promise.all(waiting)) t.match(answer, { cursor, readings: [], gap: null });
});
