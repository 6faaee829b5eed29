/**
 * The least that gives readings to many: `ws`, and a loop that sends one prepared string to each client, a frame a reading, as
 * soon as the slowest of them has taken most of what was sent before. Begins when so many are there as its argument says.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { markedReading } from '../shape.js';

const subscribers = Number(process.argv[2]);
/** What a client may have unread before the next round waits. */
const unreadBytes = 256 * 1024;

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  backlog: 10_000,
  perMessageDeflate: false,
  skipUTF8Validation: true,
});
let sent = 0;

function sendRound(): void {
  if (server.clients.size === 0) return;
  const reading = markedReading(sent++ % 1000, sent, Date.now());
  const text = `{"subscription":"s1","readings":[${reading}]}`;
  let most = 0;
  for (const client of server.clients) {
    client.send(text);
    most = Math.max(most, client.bufferedAmount);
  }
  if (most < unreadBytes) setImmediate(sendRound);
  else setTimeout(waitForRoom, 1);
}

function waitForRoom(): void {
  for (const client of server.clients) if (client.bufferedAmount > unreadBytes) return void setTimeout(waitForRoom, 1);
  sendRound();
}

server.on('connection', () => {
  if (server.clients.size === subscribers) setTimeout(sendRound, 100);
});
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ msg: 'ready', url: `http://127.0.0.1:${port}` })}\n`);
