/** A service under flood, and the healthy clients beside it: what they are served, and what it costs in memory. */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { InletProcess } from '../servers/inlet.js';
import type { Answers, Attack } from './flood-attack.js';

/** Healthy clients, each at a pace that it could keep by far: a batch in so long. */
const clients = 8;
const restMs = 100;
const batchReadings = 10;
const sampleMs = 200;

export interface FloodOutcome {
  /** Batches a second that were acknowledged: before and after the flood, and within it. */
  quietRate: number;
  floodedRate: number;
  /** Resident memory: before, and the most that it was. */
  quietBytes: number;
  mostBytes: number;
  answers: Answers;
  refused: number;
}

export async function flooded(
  service: InletProcess,
  attack: Omit<Attack, 'url' | 'limitBytes'> & { limitBytes?: number },
  seconds: number,
): Promise<FloodOutcome> {
  const quiet = await healthyFor(service, seconds);
  const quietBytes = await service.residentBytes();
  const attacker = new Worker(new URL('./flood-attack.js', import.meta.url), {
    workerData: { limitBytes: 2 ** 20, ...attack, url: service.url } satisfies Attack,
  });
  // Until its sockets are open.
  await pause(attack.sockets / 2 + 500);
  const within = await healthyFor(service, seconds);
  attacker.postMessage('stop', []);
  const [answers] = (await once(attacker, 'message')) as [Answers];
  await once(attacker, 'exit');
  // What else disturbs the machine disturbs both.
  const afterwards = await healthyFor(service, seconds);
  return {
    quietRate: (quiet.rate + afterwards.rate) / 2,
    floodedRate: within.rate,
    quietBytes,
    mostBytes: Math.max(within.mostBytes, quiet.mostBytes),
    answers,
    refused: quiet.refused + within.refused + afterwards.refused,
  };
}

async function healthyFor(
  service: InletProcess,
  seconds: number,
): Promise<{ rate: number; mostBytes: number; refused: number }> {
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  let acked = 0;
  let refused = 0;
  let mostBytes = 0;
  async function client(): Promise<void> {
    for (let dueAt = performance.now(); performance.now() < endsAt; dueAt += restMs) {
      const readings = Array.from({ length: batchReadings }, (_, n) => ({ device: `d${n}`, fields: { a: n } }));
      const { status } = await service.post(readings).catch(() => ({ status: 0 }));
      if (status === 202) acked++;
      else refused++;
      await pause(Math.max(0, dueAt + restMs - performance.now()));
    }
  }
  async function watch(): Promise<void> {
    while (performance.now() < endsAt) {
      mostBytes = Math.max(mostBytes, await service.residentBytes());
      await pause(sampleMs);
    }
  }
  await Promise.all([watch(), ...Array.from({ length: clients }, client)]);
  return { rate: acked / ((performance.now() - startedAt) / 1000), mostBytes, refused };
}
