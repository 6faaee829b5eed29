import { setTimeout as pause } from 'node:timers/promises';
import { hasInfluxd, InfluxdProcess } from '../servers/influxd.js';
import { Load } from '../load/load.js';
import { inPairs, longestWarmUpMs } from '../measure.js';
import { describePair } from '../report.js';
import { ratioLine, type Line, type Pair, type Run } from '../result.js';
import { BareServer, OurServer, type Subject } from '../subject.js';
import type { Case, CaseContext } from './case.js';
import { httpConnections, loadByHttp } from './http-batch.js';

const batch = 100;
const database = 'telemetry';
/** The client keeps back what is not a thousand lines for up to a minute; that is not counted against it. */
const heldBack = 999;
const askEveryMs = 100;
const giveUpAfterMs = 120_000;
/** InfluxDB is away for so long, and for less in a run that is shorter. */
const longestAwaySeconds = 3;
/** The client tries again after 5 to 10 s at first: when nothing came for so long, nothing more comes. */
const longestQuietSeconds = 25;
/** Shorter runs, which are none to go by, wait for the client so many times as long as they last. */
const quietShare = 5;

interface Trial {
  subject: Subject;
  influxd: InfluxdProcess;
  load: Load;
}

async function withTrial<T>(
  { scratch }: CaseContext,
  subjectFor: (influxd: string) => Subject,
  work: (trial: Trial) => Promise<T>,
): Promise<T> {
  const influxd = await new InfluxdProcess(scratch.next()).start();
  const subject = subjectFor(influxd.url);
  try {
    await fetch(`${influxd.url}/query`, {
      method: 'POST',
      body: new URLSearchParams({ q: `CREATE DATABASE ${database}` }),
    });
    await subject.server.start();
    const load = new Load('http', { url: subject.server.url, connections: httpConnections, batch, window: 1 });
    await load.start();
    return await work({ subject, influxd, load });
  } finally {
    await subject.stop();
    await influxd.stop();
  }
}

/** Every reading is another point. */
async function queryable(influxd: InfluxdProcess): Promise<number> {
  const q = 'SELECT count(temperature) FROM machine';
  const response = await fetch(`${influxd.url}/query?db=${database}`, {
    method: 'POST',
    body: new URLSearchParams({ q }),
  });
  const { results } = (await response.json()) as { results: { series?: { values: [string, number][] }[] }[] };
  return results[0]?.series?.[0]?.values[0]?.[1] ?? 0;
}

async function untilQueryable({ influxd, load }: Trial, atLeast: number): Promise<void> {
  const deadline = performance.now() + giveUpAfterMs;
  while ((await queryable(influxd)) < atLeast) {
    if (performance.now() > deadline) throw new Error(`of ${load.acked} readings ${await queryable(influxd)} arrived`);
    await load.during(pause(askEveryMs));
  }
}

/** The load is on hold. */
async function untilAllQueryable(trial: Trial): Promise<void> {
  await untilQueryable(trial, trial.load.acked - heldBack);
}

async function endToEnd(trial: Trial, seconds: number): Promise<Run> {
  const { subject, load } = trial;
  await load.runFor(Math.min(longestWarmUpMs, seconds * 1000));
  load.hold();
  await untilAllQueryable(trial);
  const [acked, cpu, startedAtMs] = [load.acked, subject.server.cpuSeconds, performance.now()];
  load.go();
  await load.runFor(seconds * 1000);
  load.hold();
  await untilAllQueryable(trial);
  const count = load.acked - acked;
  const elapsedSeconds = (performance.now() - startedAtMs) / 1000;
  const cpuEnd = subject.server.cpuSeconds;
  const cpuSecondsPerMillion = cpu === undefined || cpuEnd === undefined ? null : ((cpuEnd - cpu) / count) * 1e6;
  const run = { rate: count / elapsedSeconds, cpuSecondsPerMillion, loadBusy: load.busy };
  await load.stop();
  return run;
}

/** @returns how many of a million acked readings are there in the end */
async function overRestart(trial: Trial, seconds: number): Promise<Run> {
  const { subject, influxd, load } = trial;
  // Ours has to have all of it, and is asked no longer when it has.
  const quietSeconds =
    subject instanceof OurServer ? longestQuietSeconds : Math.min(longestQuietSeconds, quietShare * seconds);
  await load.runFor(seconds * 500);
  await untilQueryable(trial, 1);
  await influxd.kill();
  await load.during(pause(Math.min(longestAwaySeconds, seconds) * 1000));
  await influxd.restart();
  await load.during(pause(seconds * 500));
  const loadBusy = load.busy;
  await load.stop();
  let there = await queryable(influxd);
  for (
    let since = performance.now();
    there < load.acked && performance.now() - since < quietSeconds * 1000;
    await pause(askEveryMs)
  ) {
    const now = await queryable(influxd);
    if (now > there) since = performance.now();
    there = now;
  }
  return { rate: Math.floor((there / load.acked) * 1e6), cpuSecondsPerMillion: null, loadBusy };
}

async function compare(
  name: string,
  unit: string,
  context: CaseContext,
  work: (trial: Trial, seconds: number) => Promise<Run>,
): Promise<Pair[]> {
  const { pairs, seconds, scratch, profile, say } = context;
  const ours = (url: string) =>
    new OurServer(scratch, profile, [], {
      INLET_STORE: 'influxdb',
      INLET_INFLUX_URL: url,
      INLET_INFLUX_DATABASE: database,
    });
  const bare = (url: string) => new BareServer('influx-points', [], [url]);
  say(name);
  return inPairs(
    pairs,
    () => withTrial(context, ours, (trial) => work(trial, seconds)),
    () => withTrial(context, bare, (trial) => work(trial, seconds)),
    (pair) => say(`  ${describePair(pair, unit)}`),
  );
}

/** Readings for each second of processor time; none where that is not known, or too short for the clock that counts it. */
function perCpuSecond({ cpuSecondsPerMillion }: Run): Run[] {
  if (cpuSecondsPerMillion === null || cpuSecondsPerMillion === 0) return [];
  return [{ rate: 1e6 / cpuSecondsPerMillion, cpuSecondsPerMillion, loadBusy: 0 }];
}

export const naive: Case = {
  name: 'naive',
  title: 'HTTP into InfluxDB, against the program that one writes by hand',
  how: [
    loadByHttp,
    `Batches of ${batch}, into an InfluxDB 1.x of its own for each run. Sent for the time of a run; the clock stops when ` +
      `InfluxDB counts every acknowledged reading, less the ${heldBack} that the client may still gather.`,
    'Bare is Fastify, ajv and the `writePoints` of the InfluxDB client with its defaults.',
    `Over a restart: InfluxDB is killed under the load and comes back after ${longestAwaySeconds} s; counted is what is there when ` +
      `nothing has come for ${longestQuietSeconds} s. Where ours does not have all, the case fails.`,
  ],
  async run(context) {
    if (!hasInfluxd()) {
      context.say('there is no influxd on this machine, so there is nothing to measure');
      return [];
    }
    const pairs = await compare('until every reading is queryable', 'readings/s', context, endToEnd);
    const lines: Line[] = [ratioLine('until every reading is queryable', 'readings/s', [1.3, 1.5], pairs)];
    const byCpu = pairs.flatMap(({ ours, bare }) => {
      const [first, second] = [perCpuSecond(ours), perCpuSecond(bare)];
      return first[0] && second[0] ? [{ ours: first[0], bare: second[0] }] : [];
    });
    if (byCpu.length > 0) lines.push(ratioLine('processor time', 'readings/CPU s', [1 / 0.5, 1 / 0.35], byCpu));
    const kept = await compare('over a restart of InfluxDB', 'of 1,000,000 kept', context, overRestart);
    if (kept.some(({ ours }) => ours.rate < 1e6)) throw new Error('acknowledged readings were lost');
    lines.push(ratioLine('over a restart of InfluxDB', 'of 1,000,000 kept', [1, 1], kept));
    return lines;
  },
};
