import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import fastify from 'fastify';
import t, { type Test } from 'tap';
import { limitConnections } from '../../../src/transports/http/connection-limit.js';
import { until } from '../../servers/until.js';

const maxConnections = 3;
const beyondTelling = 256;
const app = fastify({ forceCloseConnections: true });
limitConnections(app, maxConnections);
app.get('/', async () => 'taken');
await app.listen({ host: '127.0.0.1', port: 0 });
t.teardown(() => app.close());
const { port } = app.server.address() as { port: number };

async function open(t: Test): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function openConnections(): Promise<number> {
  return new Promise((resolve) => app.server.getConnections((_, count) => resolve(count)));
}

function ask(socket: Socket): void {
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
}

await t.test('one connection too many is told so, and there is room again when another goes', async (t) => {
  const taken = await Promise.all(Array.from({ length: maxConnections }, async () => open(t)));
  await until(async () => (await openConnections()) === maxConnections);
  const tooMany = await open(t);
  ask(tooMany);
  const answer = await text(tooMany);
  t.match(answer, /^HTTP\/1\.1 503 .*\r\nconnection: close\r\n/is);
  t.match(answer, /\r\nretry-after: 5\r\n/i);
  t.match(JSON.parse(answer.split('\r\n\r\n')[1]!), { status: 503, code: 'too_many_connections' });
  for (const socket of taken) {
    ask(socket);
    t.match(String(await once(socket, 'data')), /^HTTP\/1\.1 200 /, 'those that are there go on');
  }
  taken[0]!.destroy();
  t.ok(await until(async () => (await openConnections()) === maxConnections - 1));
  const next = await open(t);
  ask(next);
  t.match(String(await once(next, 'data')), /^HTTP\/1\.1 200 /);
});

await t.test('connections that are to be told and never ask are bounded too', async (t) => {
  t.ok(await until(async () => (await openConnections()) === 0));
  const most = maxConnections + beyondTelling;
  const sockets = await Promise.all(Array.from({ length: most + 50 }, async () => open(t)));
  t.ok(await until(async () => sockets.filter(({ closed }) => closed).length === 50), 'the last are cut');
  t.equal(await openConnections(), most);
  for (const socket of sockets) socket.destroy();
  t.ok(await until(async () => (await openConnections()) === 0));
  const next = await open(t);
  ask(next);
  t.match(String(await once(next, 'data')), /^HTTP\/1\.1 200 /, 'and afterwards all is as before');
});
