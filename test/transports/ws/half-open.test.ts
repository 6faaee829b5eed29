/** Peers that are gone without a word, on real connections; the wheel turns faster than in the service. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { Heartbeat } from '../../../src/transports/ws/heartbeat.js';
import { HoldingProxy } from '../../servers/holding-proxy.js';
import { until } from '../../servers/until.js';

const intervalMs = 500;
const heartbeat = new Heartbeat(intervalMs);
heartbeat.start();
t.teardown(() => heartbeat.stop());

const http = createServer();
const server = new WebSocketServer({ server: http });
const closes: number[] = [];
server.on('connection', (socket, request) => {
  const beating = heartbeat.watch(socket, request.socket);
  socket.on('close', (code) => {
    heartbeat.forget(beating);
    closes.push(code);
  });
});
http.listen(0, '127.0.0.1');
await once(http, 'listening');
const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
t.teardown(() => {
  for (const socket of server.clients) socket.terminate();
  http.close();
});

const program = `
  const { WebSocket } = require('ws');
  new WebSocket(process.argv[1]).on('open', () => console.log('open'));
`;

async function open(t: Test, address: string): Promise<WebSocket> {
  const socket = new WebSocket(address.replace('http', 'ws'));
  t.teardown(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

await t.test('one behind a network that swallows everything is closed and forgotten; another stays', async (t) => {
  const proxy = await new HoldingProxy(url).start();
  t.teardown(() => proxy.stop());
  const near = await open(t, url);
  const gone = await open(t, proxy.url);
  await until(async () => heartbeat.size === 2);
  // Both answer while they can.
  await new Promise((resolve) => setTimeout(resolve, 3 * intervalMs));
  t.equal(heartbeat.size, 2);
  proxy.isHolding = true;
  const closed = once(gone, 'close');
  t.ok(await until(async () => heartbeat.size === 1), 'the server lets it go');
  t.equal((await closed)[0], 4408, 'and had it told why, where that way was open');
  t.equal(near.readyState, WebSocket.OPEN);
  near.terminate();
  await until(async () => heartbeat.size === 0);
});

await t.test('a process that is stopped is closed, though its system acknowledges every byte', async (t) => {
  const child = spawn(process.execPath, ['-e', program, url.replace('http', 'ws')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  t.equal(heartbeat.size, 1);
  child.kill('SIGSTOP');
  const count = closes.length;
  t.ok(await until(async () => closes.length > count));
  t.equal(heartbeat.size, 0);
});
