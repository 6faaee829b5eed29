/**
 * The least that gives readings to many: `ws`, and a loop that sends one prepared string to each client, a frame a reading, as
 * soon as the slowest of them has taken most of what was sent before, or so many a second. Begins when all are there.
 *
 *     node ws-fan-out.js SUBSCRIBERS [READINGS_PER_SECOND]
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { markedReading } from '../shape.js';

const subscribers = Number(process.argv[2]);
/** Undefined: as many as are taken. */
const perSecond = process.argv[3] === undefined ? undefined : Number(process.argv[3]);
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

/** @returns the most bytes that a client has unread */
function send(timeMs: number): number {
  const reading = markedReading(sent++ % 1000, sent, timeMs);
  const text = `{"subscription":"s1","readings":[${reading}]}`;
  let most = 0;
  for (const client of server.clients) {
    client.send(text);
    most = Math.max(most, client.bufferedAmount);
  }
  return most;
}

function sendRound(): void {
  if (server.clients.size === 0) return;
  if (send(Date.now()) < unreadBytes) setImmediate(sendRound);
  else setTimeout(waitForRoom, 1);
}

function waitForRoom(): void {
  for (const client of server.clients) if (client.bufferedAmount > unreadBytes) return void setTimeout(waitForRoom, 1);
  sendRound();
}

/** A reading is as old as the moment in which it was due, as if somebody else had measured it. */
function sendAtPace(intervalMs: number, dueMs: number): void {
  if (server.clients.size === 0) return;
  setTimeout(
    () => {
      send(Math.floor(dueMs));
      sendAtPace(intervalMs, dueMs + intervalMs);
    },
    Math.max(0, dueMs - Date.now()),
  );
}

function begin(): void {
  if (perSecond === undefined) sendRound();
  else sendAtPace(1000 / perSecond, Date.now());
}

server.on('connection', () => {
  if (server.clients.size === subscribers) setTimeout(begin, 100);
});
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ msg: 'ready', url: `http://127.0.0.1:${port}` })}\n`);
