import { once } from 'node:events';
import { createServer } from 'node:http';
import { createConnection, type AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import type { StreamAck } from '../../src/domain/generated/stream-frames.js';
import { startInlet, type InletProcess } from '../servers/inlet.js';
import { openStream } from '../transports/stream-client.js';

await t.test('on SIGTERM sockets close with 1012, and what was acked is there after the restart', async (t) => {
  const service = await startInlet(t);
  const live = new WebSocket(`${service.url.replace('http', 'ws')}/v1/live`);
  await once(live, 'open');
  const liveClosed = once(live, 'close');
  const stream = await openStream(service.url);
  let seq = 0;
  let acked = 0;
  const sending = setInterval(() => {
    for (let k = 0; k < 50 && stream.isOpen; k++) stream.send({ seq: ++seq, device: 'd1', fields: { seq } });
  }, 2);
  while (acked < 500) acked = ((await stream.next()) as StreamAck).seq!;
  const [exit, closed] = await Promise.all([timed(() => service.stop()), untilClosed()]);
  clearInterval(sending);
  t.same(exit.result, { code: 0, signal: null });
  t.ok(exit.ms < 10_000, 'within 10 s', exit);
  t.equal(closed, 1012);
  t.equal((await liveClosed)[0], 1012);

  await service.start();
  const { accepted, received, rejected } = await service.stats();
  t.ok(accepted >= acked, 'no acked reading is lost', { accepted, acked });
  t.equal(received, accepted + rejected);
  await service.settled();
  const { stored } = await service.stats();
  t.equal(stored, accepted + 1);

  async function untilClosed(): Promise<number> {
    for (;;) {
      const answer = await stream.next();
      if ('closed' in answer) return answer.closed;
      if (answer.type === 'ack') acked = answer.seq!;
    }
  }
});

await t.test('SIGINT ends it in the same way', async (t) => {
  const service = await startInlet(t);
  t.same(await service.stop('SIGINT'), { code: 0, signal: null });
});

await t.test('clients that come back at once, and such that hang, do not keep it from stopping', async (t) => {
  const service = await startInlet(t);
  const { hostname, port } = new URL(service.url);
  const hangers = [
    'POST /v1/readings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    'GET /',
    '',
  ];
  for (const request of hangers) {
    const socket = createConnection({ host: hostname, port: Number(port) });
    socket.on('error', () => undefined);
    socket.write(request);
    t.teardown(() => socket.destroy());
  }
  let isOver = false;
  const comeBack = (): void => {
    if (isOver) return;
    const socket = new WebSocket(`${service.url.replace('http', 'ws')}/v1/stream`);
    socket.on('error', () => undefined);
    socket.on('close', () => setTimeout(comeBack, 1));
  };
  for (let k = 0; k < 20; k++) comeBack();
  // Idle as a browser's connections are.
  await fetch(`${service.url}/healthz`);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const { result, ms } = await timed(() => service.stop());
  isOver = true;
  t.same(result, { code: 0, signal: null });
  t.ok(ms < 10_000, 'within 10 s', { ms });
});

await t.test('a store that takes a write and never answers does not keep it from stopping', async (t) => {
  const silent = createServer((request, response) => {
    response.setHeader('X-Influxdb-Version', '1.8.10');
    if (request.url?.includes('/write')) request.resume();
    else request.resume().on('end', () => response.end('{"results":[{"statement_id":0}]}'));
  }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.teardown(() => {
    silent.close();
    silent.closeAllConnections();
  });
  const { port } = silent.address() as AddressInfo;
  const service = await startInlet(t, { INLET_STORE: 'influxdb', INLET_INFLUX_URL: `http://127.0.0.1:${port}` });
  const written = once(silent, 'request');
  await service.send({ device: 'd1', fields: { a: 1 } });
  await written;
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { result, ms } = await timed(() => service.stop());
  t.same(result, { code: 0, signal: null });
  t.ok(ms < 10_000, 'within 10 s', { ms });
  await service.start();
  t.match(await service.stats(), { accepted: 1, stored: 0, pending: 1 }, 'and nothing is lost');
});

await t.test('counts, devices, newest values and field kinds outlive a clean stop', async (t) => {
  const service = await startInlet(t);
  await outlives(t, service, () => service.stop());
});

await t.test('and a kill -9', async (t) => {
  const service = await startInlet(t);
  await outlives(t, service, () => service.kill9());
});

await t.test('and a kill -9 before the store had anything', async (t) => {
  const service = await startInlet(t, { INLET_STORE: 'influxdb', INLET_INFLUX_URL: 'http://127.0.0.1:9' });
  await outlives(t, service, () => service.kill9());
});

async function outlives(t: Test, service: InletProcess, end: () => Promise<unknown>): Promise<void> {
  const at = Date.now() - 60_000;
  const batch = [
    { device: 'd1', type: 'pump', ts: at, tags: { site: 'a' }, fields: { level: 1, on: true } },
    { device: 'd1', type: 'pump', ts: at + 1000, tags: { site: 'a' }, fields: { level: 2 } },
    { device: 'd2', type: 'pump', ts: at + 2000, fields: { level: 3, note: 'x' } },
    { device: 'd2', fields: {} },
    { device: 'd1', type: 'pump', ts: at + 500, tags: { site: 'a' }, fields: { level: 9, on: false } },
  ];
  t.equal((await service.post(batch)).status, 207);
  const before = await seen(service);
  await end();
  await service.start();
  const after = await seen(service);
  t.match(after.stats, { received: 5, accepted: 4, rejected: 1 });
  t.same(after, before);
  const wrong = { device: 'd3', type: 'pump', fields: { level: 'high' } };
  t.match(await (await service.post(wrong)).json(), {
    rejected: 1,
    results: [{ code: 'field_type', path: '/fields/level' }],
  });
  const { accepted, stored, quarantined, discarded, pending } = await service.stats();
  t.equal(accepted, stored + quarantined + discarded + pending);
}

/** What must be the same before and after. */
async function seen(service: InletProcess): Promise<{ stats: object; inventory: unknown[] }> {
  const { received, accepted, rejected } = await service.stats();
  const addresses = ['/v1/devices', '/v1/devices/d1', '/v1/devices/d1/latest', '/v1/devices/d2/latest'];
  const inventory = await Promise.all(addresses.map((address) => service.getJson(address)));
  return { stats: { received, accepted, rejected }, inventory };
}

async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; ms: number }> {
  const started = Date.now();
  const result = await work();
  return { result, ms: Date.now() - started };
}
