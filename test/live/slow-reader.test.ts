/** A reader that does not keep up: conflated first, then told of a gap, and closed when it reads nothing at all. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { WebSocketServer } from 'ws';
import { LiveCommandCodec } from '../../src/codecs/live-command.js';
import { readSharedSchemas } from '../../src/config/shared-schemas.js';
import { connectionBudgetBytes, patienceMs } from '../../src/live/outbox.js';
import { LiveConnection } from '../../src/transports/ws/live.js';
import { startInlet } from '../servers/inlet.js';
import { until } from '../servers/until.js';
import { FeedRig, startMs, type Reader, turn } from './feed-rig.js';
import { LiveClient } from './live-client.js';

const text = 'x'.repeat(2000);

/** So many readings of so many series each, a time further with each round. */
async function publishRounds(rig: FeedRig, rounds: number, series: number, first = 0): Promise<void> {
  for (let round = first; round < first + rounds; round++) {
    const devices = Array.from({ length: series }, (_, k) => `d${k}`);
    await rig.publish(...devices.map((device) => ({ device, ms: startMs + round, fields: { n: round, text } })));
    await turn();
  }
}

/** It takes what it is sent until it has come so far, or for as long as patience lasts: the test says what has to be then. */
async function readUntil(reader: Reader, hasCome: () => boolean): Promise<void> {
  reader.isReading = true;
  await until(async () => {
    for (let k = 0; k < 20; k++) {
      reader.read();
      await turn();
    }
    return hasCome();
  });
}

function shownOf(reader: Reader, device: string): number[] {
  return reader.messages.flatMap(({ readings = [] }) =>
    readings.filter((reading) => reading.device === device).map(({ fields }) => fields['n'] as number),
  );
}

await t.test(
  'what a slow reader cannot take is merged by series, with the count of what was merged away',
  async (t) => {
    const rig = await FeedRig.open(t);
    const slow = rig.connect();
    const other = rig.connect();
    slow.subscribe({});
    other.subscribe({});
    slow.isReading = false;
    const [rounds, series] = [400, 20];
    await publishRounds(rig, rounds, series);
    t.ok(slow.unread < 400_000, 'little is handed to a connection that does not take it', { unread: slow.unread });
    const devices = Array.from({ length: series }, (_, k) => `d${k}`);
    await readUntil(slow, () => devices.every((device) => shownOf(slow, device).at(-1) === rounds - 1));
    const conflated = slow.messages.reduce((sum, message) => sum + (message.conflated ?? 0), 0);
    t.ok(conflated > 0);
    t.notOk(slow.messages.some(({ gap }) => gap));
    for (let k = 0; k < series; k++) {
      const shown = shownOf(slow, `d${k}`);
      t.equal(shown.at(-1), rounds - 1, 'the newest of each series came');
      t.same(
        shown,
        [...shown].sort((a, b) => a - b),
      );
    }
    t.equal(slow.fields.length + conflated, rounds * series, 'and the count is right');
    t.equal(other.fields.length, rounds * series, 'another reader got everything');
    await publishRounds(rig, 1, 1, rounds);
    t.equal(shownOf(slow, 'd0').at(-1), rounds, 'then it goes on in full');
    t.equal(slow.messages.at(-1)!.conflated, undefined);
  },
);

await t.test('a reader for whom even the newest values are too much is told the times of what it lacks', async (t) => {
  const rig = await FeedRig.open(t);
  const slow = rig.connect();
  slow.subscribe({});
  slow.isReading = false;
  const [rounds, series] = [8, 500];
  await publishRounds(rig, rounds, series);
  t.ok(slow.sentBytes < connectionBudgetBytes);
  const devices = Array.from({ length: series }, (_, k) => `d${k}`);
  const missingNow = () =>
    devices.flatMap((device) => {
      const shown = new Set(shownOf(slow, device));
      return Array.from({ length: rounds }, (_, n) => n).filter((n) => !shown.has(n));
    });
  const gapsNow = () => slow.messages.flatMap(({ gap }) => gap ?? []);
  // What is on its way is not missing.
  await readUntil(slow, () => gapsNow().at(-1)?.toTs === startMs + Math.max(...missingNow()));
  const gaps = gapsNow();
  t.equal(gaps.length, 1);
  const [{ fromTs, toTs, reason }] = gaps as [(typeof gaps)[0]];
  t.equal(reason, 'slow_reader');
  const missing = missingNow();
  t.ok(missing.length > 0);
  t.equal(fromTs, startMs + Math.min(...missing));
  t.equal(toTs, startMs + Math.max(...missing), 'the range is that of what is missing, and no more');
  await publishRounds(rig, 1, 1, rounds);
  await readUntil(slow, () => shownOf(slow, 'd0').at(-1) === rounds);
  t.equal(shownOf(slow, 'd0').at(-1), rounds, 'and it goes on');
});

await t.test('a reader is closed when it reads nothing for 30 s, and not while it reads a little', async (t) => {
  const rig = await FeedRig.open(t);
  const [stuck, slow] = [rig.connect(), rig.connect()];
  for (const reader of [stuck, slow]) {
    reader.subscribe({});
    reader.isReading = false;
  }
  await publishRounds(rig, 50, 20);
  const rounds = 6;
  for (let k = 0; k < rounds; k++) {
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    rig.aheadMs += patienceMs / 4;
    slow.unread -= 10_000;
  }
  t.ok(stuck.slow > 0);
  t.equal(slow.slow, 0);
});

/** The feed behind real sockets, with a clock of ours. */
async function serve(t: Test, rig: FeedRig): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  const commands = new LiveCommandCodec(readSharedSchemas());
  server.on('connection', (socket, { socket: connection }) => {
    const countMessages = () => undefined;
    const rooms = { feed: rig.feed, commands, clock: rig.clock, countMessages };
    new LiveConnection(socket, connection, rooms).start(undefined);
  });
  t.teardown(() => server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

await t.test('over a socket it ends with 4413 where that can be sent, else it is cut', async (t) => {
  const rig = await FeedRig.open(t);
  const url = await serve(t, rig);
  const [late, never] = [await LiveClient.open(t, url), await LiveClient.open(t, url)];
  for (const client of [late, never]) {
    await client.subscribe({});
    client.socket.pause();
  }
  await publishRounds(rig, 200, 50);
  // The feed looks once a second; it has to have seen them stuck before the time goes on.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  rig.aheadMs += patienceMs + 1_000;
  t.ok(await until(async () => rig.feed.subscriptionCount === 0), 'their subscriptions are gone');
  late.socket.resume();
  let message = await late.next();
  while (message.closed === undefined) message = await late.next();
  t.equal(message.closed, 4413);
  // Longer than a closing socket has to take what it was sent.
  await new Promise((resolve) => setTimeout(resolve, 7_000));
  never.socket.resume();
  message = await never.next();
  while (message.closed === undefined) message = await never.next();
  t.equal(message.closed, 1006);
});

await t.test('subscribers that do not read cost bounded memory, and the others get everything', async (t) => {
  const service = await startInlet(t);
  const readers = await Promise.all([1, 2].map(() => LiveClient.open(t, service.url)));
  const stuck = await Promise.all(Array.from({ length: 20 }, () => LiveClient.open(t, service.url)));
  for (const client of [...readers, ...stuck]) await client.subscribe({});
  for (const client of stuck) client.socket.pause();
  const [batches, perBatch] = [120, 100];
  const before = await service.residentBytes();
  let most = 0;
  const sent = (async () => {
    for (let k = 0; k < batches; k++) {
      await service.send(
        ...Array.from({ length: perBatch }, (_, j) => ({
          device: `d${j % 10}`,
          fields: { n: k * perBatch + j, text: text.slice(0, 1000) },
        })),
      );
      if (k % 10 === 0) most = Math.max(most, await service.residentBytes());
    }
  })();
  const seen = await Promise.all(readers.map((client) => client.readings(batches * perBatch)));
  await sent;
  for (const { readings } of seen) {
    t.ok(
      readings.every(({ fields }, n) => fields['n'] === n),
      'a reader has them all, in order',
    );
  }
  const bound = stuck.length * connectionBudgetBytes + 150 * 1024 * 1024;
  t.ok(most - before < bound, 'memory is bounded', { grown: most - before });
  t.comment(`grown by ${Math.round((most - before) / 1024 / 1024)} MiB`);
  const [one] = stuck as [LiveClient];
  one.socket.resume();
  let count = 0;
  while (count < batches * perBatch) {
    const { readings = [], conflated = 0 } = await one.next();
    count += readings.length + conflated;
  }
  t.equal(count, batches * perBatch, 'one that reads again gets all of it, or the count of what was merged');
});
