/** One server under one load: warmed up, then measured for a while. And two servers in turn. */
import type { Load } from './load/load.js';
import type { Pair, Run } from './result.js';
import type { Subject } from './subject.js';

/** V8 has compiled what is hot after about so long. */
export const longestWarmUpMs = 2000;

/** How the time of a run is laid out. Both wait for so long at least. */
export interface Pace {
  warmUp(load: Load, milliseconds: number): Promise<void>;
  /** @returns readings that were dealt with meanwhile, where that may be fewer than were acked */
  measured(load: Load, milliseconds: number): Promise<number | undefined>;
}

/** As fast as it is answered. */
export const flatOut: Pace = {
  async warmUp(load, milliseconds) {
    await load.runFor(milliseconds);
  },
  async measured(load, milliseconds) {
    await load.runFor(milliseconds);
    return undefined;
  },
};

/** @throws when an answer was not the acknowledgement that was expected */
export async function measure(subject: Subject, load: Load, seconds: number, pace: Pace): Promise<Run> {
  const { server } = subject;
  await load.start();
  await pace.warmUp(load, Math.min(longestWarmUpMs, seconds * 1000));
  const startedAtMs = performance.now();
  const acked = load.acked;
  const cpu = server.cpuSeconds;
  const done = await pace.measured(load, seconds * 1000);
  const elapsedSeconds = (performance.now() - startedAtMs) / 1000;
  const count = Math.min(load.acked - acked, done ?? Infinity);
  const cpuEnd = server.cpuSeconds;
  const loadBusy = load.busy;
  await load.stop();
  return {
    rate: count / elapsedSeconds,
    cpuSecondsPerMillion: cpu === undefined || cpuEnd === undefined ? null : ((cpuEnd - cpu) / count) * 1e6,
    loadBusy,
  };
}

/** Ours, bare, ours, bare, …: what disturbs the machine for a while disturbs both. */
export async function inPairs(
  pairs: number,
  ours: () => Promise<Run>,
  bare: () => Promise<Run>,
  onPair: (pair: Pair) => void,
): Promise<Pair[]> {
  const measured: Pair[] = [];
  for (let index = 0; index < pairs; index++) {
    const pair = { ours: await ours(), bare: await bare() };
    measured.push(pair);
    onPair(pair);
  }
  return measured;
}
