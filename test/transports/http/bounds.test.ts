/** What a client is told when there is no room, and that it goes on when there is again. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { startInlet } from '../../servers/inlet.js';
import { isAnswered, isRefused, postBytes } from './answers.js';

const reading = (a: number) => ({ device: 'd1', fields: { a } });
const padding = 'x'.repeat(1000);

await t.test('while the store is away', async (t) => {
  const spoolBytes = 64 * 1024;
  const service = await startInlet(t, {
    INLET_STORE: 'influxdb',
    INLET_INFLUX_URL: `http://127.0.0.1:${await closedPort()}`,
    INLET_SPOOL_MAX_BYTES: `${spoolBytes}`,
    INLET_MAX_BODY_BYTES: '8 KiB',
  });
  t.equal((await fetch(`${service.url}/readyz`)).status, 200, 'readings are taken all the same');

  await t.test('waiting for it ends with stored: false', async (t) => {
    const started = Date.now();
    await isAnswered(t, await service.post(reading(1), '?ack=store&timeout=0.3'), 202, { accepted: 1, stored: false });
    t.ok(Date.now() - started < 5000);
    await isAnswered(t, await service.post(reading(1), '?ack=store&timeout=0'), 202, { stored: false });
    await isAnswered(t, await service.post([reading(1), {}], '?ack=store&timeout=0'), 207, { stored: false });
  });

  await t.test('history says that it is away', async (t) => {
    const answer = await fetch(`${service.url}/v1/history?devices=d1`);
    await isRefused(t, answer, 503, 'store_away');
    t.ok(Number(answer.headers.get('retry-after')) >= 1);
  });

  await t.test('a full spool is told with 503 and Retry-After, and kept whole', async (t) => {
    let accepted = 3;
    let refused: Response;
    for (;;) {
      refused = await service.post({ device: 'd1', fields: { text: padding } });
      if (refused.status !== 202) break;
      accepted++;
      if (accepted > 1000) t.bailout('the spool takes more than it may');
    }
    await isRefused(t, refused, 503, 'spool_full');
    t.match(refused.headers.get('retry-after'), /^[1-9]\d*$/);
    const stats = await service.stats();
    t.equal(stats.accepted, accepted);
    t.equal(stats.pending, accepted);
    t.ok(stats.spoolBytes <= spoolBytes + 1024, 'it stays within its bound', { stats });
  });

  await t.test('/readyz says why it is not ready; the process lives', async (t) => {
    const answer = await fetch(`${service.url}/readyz`);
    t.equal(answer.status, 503);
    t.match(await answer.json(), { reason: /spool/ });
    t.equal((await fetch(`${service.url}/healthz`)).status, 200);
    t.match(await service.getJson('/v1/devices'), { devices: [{ device: 'd1' }] });
  });

  await t.test('when the store is there again, so is the room', async (t) => {
    const influx = await takingEverything();
    t.teardown(() => influx.close());
    const { accepted } = await service.stats();
    await service.restart({ INLET_INFLUX_URL: `http://127.0.0.1:${(influx.address() as AddressInfo).port}` });
    await service.settled();
    const stats = await service.stats();
    t.equal(stats.accepted, accepted + 1);
    t.equal(stats.stored, accepted + 1);
    t.equal((await fetch(`${service.url}/readyz`)).status, 200);
    t.equal((await service.post(reading(2))).status, 202);
  });
});

await t.test('more in flight than the limit is refused with 503, and accepted later', async (t) => {
  const service = await startInlet(t, { INLET_MAX_BODY_BYTES: '8 KiB', INLET_MAX_INFLIGHT_BYTES: '16 KiB' });
  const body = JSON.stringify({ device: 'd1', fields: { text: padding } }).padEnd(8 * 1024);
  const answers = await Promise.all(Array.from({ length: 300 }, () => postBytes(`${service.url}/v1/readings`, body)));
  const refused = answers.filter(({ status }) => status === 503);
  t.ok(answers.every(({ status }) => status === 202 || status === 503));
  t.ok(refused.length > 0, 'some come too much at once');
  await isRefused(t, refused[0]!, 503, 'spool_full');
  t.ok(refused.every(({ headers }) => Number(headers.get('retry-after')) >= 1));
  const { accepted, inFlightBytes } = await service.stats();
  t.equal(accepted, answers.length - refused.length, 'nothing of a refused batch is kept');
  t.equal(inFlightBytes, 0);
  t.equal((await postBytes(`${service.url}/v1/readings`, body)).status, 202);
});

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** The least that passes for an InfluxDB: what it does with the lines does not matter here. */
async function takingEverything(): Promise<ReturnType<typeof createServer>> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const { pathname } = new URL(request.url ?? '', 'http://influx');
      response.setHeader('X-Influxdb-Version', '1.8.10');
      if (pathname === '/query') response.end('{"results":[{"statement_id":0}]}');
      else response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
