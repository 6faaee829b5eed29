import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { hasInfluxd, InfluxdProcess } from '../servers/influxd.js';
import { Load } from '../load/load.js';
import { amountLine, type Line } from '../result.js';
import { ServerProcess } from '../server-process.js';
import { SmallDisk } from '../small-disk.js';
import { SlowProxy } from '../slow-proxy.js';
import { ourProcess, type Stats } from '../subject.js';
import type { Case, CaseContext } from './case.js';

const collecting = ['--import', new URL('../collect-garbage.js', import.meta.url).href];
const load = { connections: 4, batch: 1000, window: 1 };
/** Taken in before the memory is looked at for the first time: by then the heap has its size. */
const warmUpShare = 0.1;
const askEveryMs = 100;
const freshEveryMs = 500;
/** A fresh reading that is not in the store by then counts as so old. */
const patienceS = 30;
/** About half of what two lanes bring into a store that takes a batch every 2 s. */
const slowReadingsPerSecond = 10_000;
/** In a run that is shorter, as long as that. */
const slowestAnswerMs = 2_000;
const freshAsked = 5;
const spoolBytes = '64 GiB';
const targets = { growthMiB: [64, 64], lost: [0, 0], ageS: [5, 2] } as const;

interface Measured {
  growthMiB: number;
  drainedS: number;
  lost: number;
  /** The oldest that a fresh reading became before the store had it. */
  ageS: number;
}

/** Oldest fresh readings of a store that is slow, in seconds: at a load that it takes, and behind more than it took. */
interface Slow {
  paced: number;
  behind: number;
}

async function statsOf(server: ServerProcess): Promise<Stats> {
  return (await (await fetch(`${server.url}/v1/stats`)).json()) as Stats;
}

/** @returns seconds until the store has a reading that is sent now; how long was waited when it had not got it then */
async function ageOfFresh(server: ServerProcess): Promise<number> {
  const sentAtMs = performance.now();
  const response = await fetch(`${server.url}/v1/readings?ack=store&timeout=${patienceS}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ device: 'fresh', type: 'machine', fields: { temperature: 20 } }),
  });
  await response.json();
  return (performance.now() - sentAtMs) / 1000;
}

async function oldestFresh(server: ServerProcess): Promise<number> {
  let ageS = 0;
  for (let asked = 0; asked < freshAsked; asked++) ageS = Math.max(ageS, await ageOfFresh(server));
  return ageS;
}

/** Goes on sending until so many are acknowledged in all. The same load all the time, as another one begins anew. */
async function takeIn(sending: Load, readings: number): Promise<void> {
  sending.go();
  while (sending.acked < readings) await sending.during(pause(askEveryMs));
  sending.hold();
  await sending.during(pause(freshEveryMs));
}

async function throughOutage(
  server: ServerProcess,
  sending: Load,
  comeBack: () => void | Promise<void>,
  { readings, say }: CaseContext,
): Promise<Measured> {
  await sending.start();
  await takeIn(sending, Math.ceil(readings * warmUpShare));
  const before = await server.heldBytes();
  await takeIn(sending, readings);
  const growthMiB = ((await server.heldBytes()) - before) / 2 ** 20;
  const { accepted, pending } = await statsOf(server);
  say(`  ${accepted} readings taken in, ${pending} are pending; ${growthMiB.toFixed(0)} MiB more memory`);
  await comeBack();
  const backAtMs = performance.now();
  let ageS = 0;
  while ((await statsOf(server)).pending > 0) {
    ageS = Math.max(ageS, await ageOfFresh(server));
    await pause(freshEveryMs);
  }
  const drainedS = (performance.now() - backAtMs) / 1000;
  const end = await statsOf(server);
  say(`  the backlog was in after ${drainedS.toFixed(1)} s; a fresh reading took ${ageS.toFixed(2)} s at most`);
  return { growthMiB, drainedS, ageS, lost: end.accepted - end.stored };
}

function linesOf(store: string, measured: Measured[]): Line[] {
  const all = (key: keyof Measured) => measured.map((one) => one[key]);
  return [
    amountLine(`${store}: growth of memory`, 'MiB', targets.growthMiB, all('growthMiB')),
    amountLine(`${store}: until the backlog is in`, 's', null, all('drainedS')),
    amountLine(`${store}: oldest fresh reading meanwhile`, 's', targets.ageS, all('ageS')),
    amountLine(`${store}: lost`, 'readings', targets.lost, all('lost')),
  ];
}

function serverOn(directory: string, profile: string | undefined, environment: Record<string, string>): ServerProcess {
  const ours = ourProcess(directory, profile);
  return new ServerProcess({
    ...ours,
    environment: { ...ours.environment, INLET_SPOOL_MAX_BYTES: spoolBytes, ...environment },
    nodeArguments: [...ours.nodeArguments, ...collecting],
  });
}

async function onDuckDb(context: CaseContext): Promise<Measured | undefined> {
  const directory = context.scratch.next();
  const disk = new SmallDisk(path.join(directory, 'duckdb'));
  if (!disk.mount()) return undefined;
  const server = serverOn(directory, context.profile, {});
  try {
    await server.start();
    const sending = new Load('http', { ...load, url: server.url });
    const measured = await throughOutage(server, sending, () => disk.grow('4g'), context);
    await sending.stop();
    return measured;
  } finally {
    await server.stop();
    disk.unmount();
  }
}

async function onInflux(context: CaseContext): Promise<{ outage: Measured; slow: Slow }> {
  const { scratch, profile, seconds, say } = context;
  const influxd = new InfluxdProcess(scratch.next());
  await influxd.start();
  const proxy = new SlowProxy(influxd.url);
  const url = await proxy.start();
  const server = serverOn(scratch.next(), profile, { INLET_STORE: 'influxdb', INLET_INFLUX_URL: url });
  try {
    await influxd.stop();
    await server.start();
    const sending = new Load('http', { ...load, url: server.url });
    const outage = await throughOutage(server, sending, async () => void (await influxd.start()), context);
    proxy.delayMs = Math.min(slowestAnswerMs, seconds * 1000);
    sending.pace(slowReadingsPerSecond / load.batch);
    const paced = await sending.during(oldestFresh(server));
    say(`  ${proxy.delayMs / 1000} s an answer: a fresh reading took ${paced.toFixed(2)} s at most`);
    sending.go();
    await sending.runFor(seconds * 1000);
    await sending.stop();
    const { pending } = await statsOf(server);
    const behind = await oldestFresh(server);
    say(`  with a backlog of ${pending} it took ${behind.toFixed(2)} s at most`);
    return { outage, slow: { paced, behind } };
  } finally {
    await server.stop();
    await proxy.stop();
    await influxd.stop();
  }
}

export const outage: Case = {
  name: 'outage',
  title: 'Through an outage of the store',
  how: [
    'Readings are taken in while the store refuses: DuckDB, as its directory is a file system of 4 MiB, and InfluxDB, as ' +
      'it is not there. Growth of resident memory counts from a tenth of them on, behind a collection of garbage in the ' +
      'main thread each time.',
    'Then the store takes readings again (the file system grows, InfluxDB starts). Until nothing is pending a fresh ' +
      'reading is sent every half second, and the longest time until the store had one counts. Lost is what was ' +
      'accepted and is not stored.',
    `InfluxDB slow: each answer comes ${slowestAnswerMs / 1000} s late. Fresh readings are sent one after the other while ` +
      `${slowReadingsPerSecond} others a second come in, which it takes; and once more behind a backlog, when for a while ` +
      'as many came in as were acknowledged.',
    `A fresh reading that the store had not got after ${patienceS} s counts as ${patienceS} s old.`,
  ],
  async run(context) {
    const { pairs, say } = context;
    const duckDb: Measured[] = [];
    const influx: Measured[] = [];
    const slow: Slow[] = [];
    for (let run = 0; run < pairs; run++) {
      say('DuckDB');
      const measured = await onDuckDb(context);
      if (measured) duckDb.push(measured);
      else say('  this process may not mount, so DuckDB is left out');
      if (!hasInfluxd()) continue;
      say('InfluxDB');
      const { outage: through, slow: slowly } = await onInflux(context);
      influx.push(through);
      slow.push(slowly);
    }
    const lines: Line[] = duckDb.length > 0 ? linesOf('DuckDB', duckDb) : [];
    if (influx.length === 0) {
      say('there is no influxd on this machine, so InfluxDB is left out');
      return lines;
    }
    lines.push(...linesOf('InfluxDB', influx));
    const ages = (key: keyof Slow) => slow.map((one) => one[key]);
    lines.push(amountLine('InfluxDB slow: oldest fresh reading', 's', targets.ageS, ages('paced')));
    lines.push(amountLine('InfluxDB slow, with a backlog: oldest fresh reading', 's', targets.ageS, ages('behind')));
    return lines;
  },
};
