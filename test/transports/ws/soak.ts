/**
 * Very many short connections, ended in every way, in one process with the service: afterwards there has to be as much
 * as before. Counted are objects of each class that a connection has, handles, and the heap; all behind a collection.
 */
import { get, IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { queryObjects } from 'node:v8';
import { WebSocket } from 'ws';
import { collectGarbage } from '../../../bench/garbage.js';
import type { Stats } from '../../../src/ports/operations.js';
import { until } from '../../servers/until.js';
import { deaf, endings, live } from './short-connection.js';

const atOnce = 40;
const settleMs = 200;

/** What a connection is made of, or leaves behind. */
export interface Holding {
  streams: number;
  subscriptions: number;
  objects: Record<string, number>;
  handles: Record<string, number>;
  heapBytes: number;
}

/** Whatever else a connection has is held by one of these, or holds one. */
const classes = { WebSocket, IncomingMessage };

export async function holding(url: string): Promise<Holding> {
  await until(async () => (await stats(url)).streams === 0 && (await stats(url)).subscriptions === 0);
  const { streams, subscriptions } = await stats(url);
  // What was closed is let go in later turns, and finalizers run behind a collection.
  for (let k = 0; k < 3; k++) {
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    collectGarbage();
  }
  const counted = Object.entries(classes).map(([name, one]) => [name, queryObjects(one, { format: 'count' })] as const);
  const handles: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) handles[name] = (handles[name] ?? 0) + 1;
  return {
    streams,
    subscriptions,
    objects: Object.fromEntries(counted),
    handles,
    heapBytes: process.memoryUsage().heapUsed,
  };
}

/** @returns endings that did not come out as they should */
export async function soak(url: string, connections: number): Promise<string[]> {
  const target = new URL(url);
  const wrong: string[] = [];
  let begun = 0;
  async function one(): Promise<void> {
    while (begun < connections) {
      const n = begun++;
      const ways = endings(n);
      const ending = n === 0 ? deaf : ways[n % ways.length]!;
      const code = await live(target, ending, n);
      if (code !== ending.code) wrong.push(`${ending.path} ${ending.name}: ${code} instead of ${ending.code}`);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, one));
  return wrong;
}

/** On a connection of its own, so that none is kept. */
async function stats(url: string): Promise<Stats> {
  return new Promise((resolve, reject) => {
    get(`${url}/v1/stats`, { agent: false }, (response) => void json(response).then((body) => resolve(body as Stats)))
      .on('error', reject)
      .end();
  });
}
