/** Presence on the live feed in its three forms, and in the inventory, of a service as it runs. */
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { FeedClient } from '../../src/client/index.js';
import { EventClient } from '../live/event-client.js';
import { LiveClient, type AnyMessage } from '../live/live-client.js';
import { schemaRegistry } from '../schemas/load.js';
import { startInlet, type InletProcess } from '../servers/inlet.js';
import { until } from '../servers/until.js';
import { isRefused } from './http/answers.js';
import { EventReader } from './live-http/event-reader.js';

const service = await startInlet(t);

type Presence = NonNullable<AnyMessage['presence']>;

interface Answer {
  cursor: string;
  readings: unknown[];
  gap: unknown;
  presence?: Presence;
}

const isAnswer = schemaRegistry()('https://inlet.example/schemas/live-frames.schema.json#/$defs/pollAnswer');

const states = (presence: Presence | undefined) => presence?.map(({ device, state }) => `${device} ${state}`);
const send = (service: InletProcess, ...devices: string[]) =>
  service.send(...devices.map((device) => ({ device, fields: { a: 1 } })));
const remove = (service: InletProcess, device: string) =>
  fetch(`${service.url}/v1/devices/${device}`, { method: 'DELETE' });

async function pollOf(t: Test, service: InletProcess, query: string): Promise<Answer> {
  const answer = await service.getJson<Answer>(`/v1/live/poll?${query}`);
  t.ok(isAnswer(answer), 'as its schema says');
  return answer;
}

await t.test('over WebSocket, by command and in the URL', async (t) => {
  await send(service, 'boiler-1', 'pump-1');
  const client = await LiveClient.open(t, service.url);
  const { subscription } = await client.subscribe({ devices: ['boiler-*'], presence: true });
  const { presence, ...rest } = await client.next();
  t.same(rest, { subscription });
  t.same(states(presence), ['boiler-1 online']);
  t.ok(Math.abs(presence![0]!.at - Date.now()) < 30_000);
  await send(service, 'pump-2', 'boiler-2', 'boiler-1');
  t.same(states((await client.next()).presence), ['boiler-2 online']);
  t.equal((await client.next()).readings?.length, 2);
  t.equal((await remove(service, 'boiler-2')).status, 204);
  t.same(states((await client.next()).presence), ['boiler-2 offline']);
  const byUrl = await LiveClient.open(t, service.url, '?presence=true&devices=pump-1');
  t.equal((await byUrl.next()).subscribed?.subscription, 's1');
  t.same(states((await byUrl.next()).presence), ['pump-1 online']);
  client.command({ subscribe: { presence: 1 } });
  t.match((await client.next()).error, { code: 'invalid_filter', message: /presence/ });
});

await t.test('as server-sent events, which are no place to go on from', async (t) => {
  await send(service, 'event-d1');
  const reader = await EventReader.open(t, `${service.url}/v1/live?presence=true&devices=event-*`);
  t.same(await reader.names(1), ['subscribed']);
  const first = await reader.next();
  t.match(first, { event: 'presence', id: undefined, message: { subscription: 's1' } });
  t.same(states(first.message.presence), ['event-d1 online']);
  await send(service, 'event-d2');
  t.match(states((await reader.next()).message.presence), ['event-d2 online']);
  t.same(await reader.names(1), ['readings']);
  const again = await EventClient.open(`${service.url}/v1/live?presence=true&devices=event-*`, {
    'last-event-id': reader.lastId!,
  });
  t.teardown(() => again.cut());
  const kinds: (string | undefined)[] = [];
  again.listen(({ event }) => void (event && kinds.push(event)));
  while (kinds.length < 2) await pause(10);
  t.same(kinds, ['subscribed', 'presence'], 'one that comes back has all states again');
});

await t.test('by long polling, each change once', async (t) => {
  await send(service, 'poll-d1', 'poll-d2', 'poll-other');
  const first = await pollOf(t, service, 'presence=true&devices=poll-d*');
  t.match(first, { readings: [], gap: null });
  t.same(states(first.presence), ['poll-d1 online', 'poll-d2 online'], 'at once, with every state');
  const filter = 'presence=true&devices=poll-d*&wait=20';
  const waiting = pollOf(t, service, `cursor=${first.cursor}&${filter}`);
  await pause(100);
  await send(service, 'poll-other');
  await remove(service, 'poll-d2');
  const second = await waiting;
  t.same([states(second.presence), second.readings], [['poll-d2 offline'], []], 'it is answered when one changes');
  await send(service, 'poll-d3', 'poll-d4');
  const third = await pollOf(t, service, `cursor=${second.cursor}&${filter}`);
  t.same(states(third.presence), ['poll-d3 online', 'poll-d4 online'], 'what changed between polls is there at once');
  t.equal(third.readings.length, 2, 'and so is what was accepted');
  const fourth = await pollOf(t, service, `cursor=${third.cursor}&presence=true&devices=poll-d*&wait=0`);
  t.same([fourth.presence, fourth.readings], [[], []]);
  await send(service, 'poll-d1');
  const fifth = await pollOf(t, service, `cursor=${fourth.cursor}&${filter}`);
  t.same([fifth.presence, fifth.readings.length], [[], 1], 'one that stays online is no change');
  const without = await pollOf(t, service, `cursor=${fifth.cursor}&devices=poll-d*&wait=0`);
  t.notOk('presence' in without, 'only who asks for it has it in the answer');
  const afresh = await pollOf(t, service, `cursor=${without.cursor}&presence=true&devices=poll-d*`);
  t.same(
    states(afresh.presence),
    ['poll-d1 online', 'poll-d3 online', 'poll-d4 online'],
    'a cursor without it begins anew',
  );
  const empty = await pollOf(t, service, 'presence=true&devices=nobody&wait=60');
  t.same([empty.presence, empty.readings], [[], []], 'the first one does not wait');
  await isRefused(t, await fetch(`${service.url}/v1/live/poll?presence=yes`), 400, 'invalid_parameter', 'presence=yes');
});

await t.test('states come before what a poll asks for of the past', async (t) => {
  await send(service, 'past-d1');
  for (const past of ['snapshot=true', 'since=-1h']) {
    const { presence, readings, cursor } = await pollOf(t, service, `presence=true&devices=past-*&${past}`);
    t.same([states(presence), readings.length], [['past-d1 online'], 1]);
    const next = await pollOf(t, service, `presence=true&devices=past-*&cursor=${cursor}&wait=0`);
    t.same([next.presence, next.readings], [[], []]);
  }
});

await t.test('the cursor of a poll with presence is good in the other forms, and without presence', async (t) => {
  const { cursor } = await pollOf(t, service, 'presence=true');
  await send(service, 'form-d1');
  const client = await LiveClient.open(t, service.url);
  await client.subscribe({ cursor });
  t.equal((await client.readings(1)).readings[0]?.device, 'form-d1');
  const reader = await EventReader.open(t, `${service.url}/v1/live?cursor=${cursor}`);
  t.same(await reader.names(2), ['subscribed', 'readings']);
  for (const broken of [`${cursor}.`, `${cursor}.1`, `${cursor}x.`, cursor.replace('.', '..')])
    await isRefused(t, await fetch(`${service.url}/v1/live/poll?cursor=${broken}`), 400, 'invalid_cursor', broken);
});

await t.test('the client library gives it to its user, and has all states again after a break', async (t) => {
  const service = await startInlet(t);
  await send(service, 'd1', 'd2');
  const told: string[][] = [];
  const feed = new FeedClient({ url: service.url, WebSocket, backoff: { firstMs: 50, maxMs: 200 } });
  t.teardown(() => feed.stop());
  feed.subscribe(
    { devices: ['d*'], presence: true },
    { onPresence: (presence) => void told.push(states(presence)!), onReadings: () => undefined },
  );
  feed.start();
  const isTold = (count: number) => until(async () => told.length >= count, 60_000);
  t.ok(await isTold(1));
  await send(service, 'd3', 'other');
  t.ok(await isTold(2));
  await service.stop();
  await service.start();
  t.ok(await isTold(3));
  const all = ['d1 online', 'd2 online', 'd3 online'];
  t.same(told, [all.slice(0, 2), ['d3 online'], all]);
});

await t.test('a restart changes no state, and a poll goes on over it', async (t) => {
  const service = await startInlet(t);
  const start = await pollOf(t, service, 'presence=true');
  await send(service, 'd1', 'd2');
  const before = await pollOf(t, service, `presence=true&cursor=${start.cursor}`);
  await send(service, 'd3');
  for (const end of [() => service.stop(), () => service.kill9()]) {
    await end();
    await service.start();
    const { devices } = await service.getJson<{ devices: { device: string; state: string }[] }>('/v1/devices');
    t.same(states(devices.map((device) => ({ ...device, at: 0 }))), ['d1 online', 'd2 online', 'd3 online']);
    const { presence, cursor } = await pollOf(t, service, `presence=true&cursor=${before.cursor}&wait=0`);
    t.same(states(presence), ['d3 online'], 'what changed before');
    const after = await pollOf(t, service, `presence=true&cursor=${cursor}&wait=1`);
    t.same(after.presence, [], 'and nothing since');
  }
});
