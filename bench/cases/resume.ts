import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { FeedReaders } from '../load/feed-readers.js';
import { Publisher } from '../load/publisher.js';
import { timeLine } from '../result.js';
import { OurServer } from '../subject.js';
import type { Case, CaseContext } from './case.js';
import { everything } from './fan-out.js';

const missed = 2_000;
const batch = 100;
const patienceMs = 120_000;

/** The place of the feed before anything was accepted. */
async function cursorNow(url: string): Promise<string> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${everything}`);
  const [data] = (await once(socket, 'message')) as [Buffer];
  socket.terminate();
  return (JSON.parse(data.toString()) as { subscribed: { cursor: string } }).subscribed.cursor;
}

/** @returns seconds until all of them have everything */
async function comeBack(clients: number, { scratch, profile, say }: CaseContext): Promise<number> {
  const subject = new OurServer(scratch, profile);
  try {
    await subject.server.start();
    const { url } = subject.server;
    const cursor = await cursorNow(url);
    const publisher = new Publisher(url);
    while (publisher.sent < missed) await publisher.post(batch);
    const before = subject.server.cpuSeconds ?? 0;
    const readers = new FeedReaders(url);
    readers.start();
    const startedMs = performance.now();
    await readers.open(clients, `${everything}&cursor=${cursor}`);
    while (readers.delivered < clients * missed) {
      if (performance.now() - startedMs > patienceMs) throw new Error(`${readers.delivered} came`);
      await pause(5);
    }
    const seconds = (performance.now() - startedMs) / 1000;
    const cpu = (subject.server.cpuSeconds ?? 0) - before;
    say(
      `  ${clients * missed} deliveries in ${seconds.toFixed(2)} s, ${cpu.toFixed(2)} s of the server's processor time`,
    );
    await readers.stop();
    return seconds;
  } finally {
    await subject.stop();
  }
}

export const resume: Case = {
  name: 'resume',
  title: 'Subscribers that come back all at once',
  how: [
    `Connections are opened one behind the other, each with the same cursor and ${missed} readings to get that it ` +
      'missed; timed is from the first handshake until all have everything.',
  ],
  async run(context) {
    const clients = Math.ceil(context.connections / 10);
    const runs: number[] = [];
    for (let run = 0; run < context.pairs; run++) runs.push(await comeBack(clients, context));
    return [timeLine(`${clients} clients, ${missed} readings each`, [5, 2], runs)];
  },
};
