/** Every form of the feed through nginx as deploy/nginx.conf sets it up. */
import { once } from 'node:events';
import t from 'tap';
import { WebSocket } from 'ws';
import type { Gap } from '../../src/domain/generated/live-frames.js';
import type { LiveReading } from '../live/live-client.js';
import { LiveClient } from '../live/live-client.js';
import { startInlet } from '../servers/inlet.js';
import { nginxIsMissing, startNginx } from '../servers/nginx.js';
import { EventReader } from './live-http/event-reader.js';
import { complaintsAbout, readersOfForm, soakThroughProxy } from './proxy/soak.js';

/** Of the soak's short form. */
const partSeconds = 3;

interface Answer {
  cursor: string;
  readings: LiveReading[];
  gap: Gap | null;
}

if (!nginxIsMissing('The live feed through nginx')) {
  const service = await startInlet(t);
  const nginx = await startNginx(t, service.url);
  const poll = async (query: string): Promise<Answer> => {
    const url = `${nginx.url}/v1/live/poll?${query}`;
    // A worker that goes closes the connections that it kept alive, perhaps as one is used again: clients ask once more.
    const response = await fetch(url).catch(() => fetch(url));
    return (await response.json()) as Answer;
  };

  await t.test('every form comes through as it goes, and lives through a reload', async (t) => {
    const socket = await LiveClient.open(t, nginx.url, '?devices=d1');
    t.ok((await socket.next()).subscribed);
    const events = await EventReader.open(t, `${nginx.url}/v1/live?devices=d1`);
    t.equal((await events.next()).event, 'subscribed');
    let { cursor } = await poll('');
    const follow = async (n: number) => {
      const waiting = poll(`cursor=${cursor}&devices=d1&wait=60`);
      await service.send({ device: 'd1', fields: { n } });
      t.match(await socket.next(), { readings: [{ fields: { n } }] }, 'WebSocket');
      // It came by itself: nothing follows that would have pushed it through a buffer.
      t.match((await events.next()).message, { readings: [{ fields: { n } }] }, 'server-sent events');
      const answer = await waiting;
      t.match(answer, { readings: [{ fields: { n } }], gap: null }, 'long polling');
      ({ cursor } = answer);
    };
    await follow(1);
    const waiting = poll(`cursor=${cursor}&devices=d1&wait=60`);
    await nginx.reload();
    await nginx.reload();
    await follow(2);
    t.match(await waiting, { readings: [{ fields: { n: 2 } }] }, 'a poll that waited over the reload');
    await follow(3);
    t.equal(socket.socket.readyState, WebSocket.OPEN);
  });

  await t.test('whoever is cut when the old workers end comes back and has missed nothing', async (t) => {
    const proxy = await startNginx(t, service.url, partSeconds);
    const figures = await soakThroughProxy(service, proxy, partSeconds);
    t.same(complaintsAbout(figures), []);
    for (const { form, breaks } of figures.forms.slice(0, 2))
      t.equal(breaks[2], readersOfForm, `${form}: all were cut`);
  });

  await t.test('readings go in through it, by request and by stream', async (t) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ device: 'd2', fields: { n: 1 } });
    const { status } = await fetch(`${nginx.url}/v1/readings`, { method: 'POST', headers, body });
    t.equal(status, 202);
    const page = { origin: nginx.url };
    const stream = new WebSocket(`${nginx.url.replace('http', 'ws')}/v1/stream`, { headers: page });
    const [welcome] = (await once(stream, 'message')) as [Buffer];
    t.match(JSON.parse(welcome.toString()), { type: 'welcome' }, 'also from a page that came by the same address');
    stream.terminate();
  });

  await t.test('while the service is away, a browser is told to come back, and others that it is away', async (t) => {
    const events = await EventReader.open(t, `${nginx.url}/v1/live?devices=d1`);
    await events.next();
    const { lastId } = events;
    await service.stop();
    await events.ended;
    t.ok(events.client.response.complete, 'its stream ended in good order');
    const away = await EventReader.open(t, `${nginx.url}/v1/live?devices=d1`, { 'last-event-id': lastId! });
    await away.ended;
    t.same(away.retries, [2_000]);
    t.equal((await fetch(`${nginx.url}/v1/live`)).status, 502);
    await service.start();
    const back = await EventReader.open(t, `${nginx.url}/v1/live?devices=d1`, { 'last-event-id': lastId! });
    t.match((await back.next()).message, { subscribed: { recovered: true } });
  });
}
