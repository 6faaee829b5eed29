/**
 * `npm run demo`: starts the service with an empty data directory, replays four recorded sensors into it over HTTP and
 * WebSocket, follows them live, asks all of it back, and tells whether every acknowledged reading was found again.
 *
 * `INLET_STORE` and the settings of InfluxDB are passed on. Without a database or bucket of its own the demonstration takes
 * a new one, so that what it finds there can only come from this run; in one that is given, the readings of earlier runs
 * are written again, which changes no count.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { checks, describeAccount, type Account, type SensorAccount } from './account.js';
import { Acknowledged } from './acknowledged.js';
import { readHistory, readStats, type Stats } from './history.js';
import { Latencies } from './latencies.js';
import { LiveFollower } from './live-follower.js';
import { play } from './play.js';
import { replayPlan } from './replay.js';
import { survey, type Survey } from './replay-file.js';
import { sensors, type Sensor } from './sensors.js';
import { Service } from './service.js';
import { Tally } from './tally.js';
import { count, Progress } from './terminal.js';
import { openDevice } from './transport.js';

const help = `Replays four recorded sensors through a service of its own and checks that nothing was lost.

  npm run demo              takes some seconds, leaves nothing behind
  npm run demo -- --keep    leaves the service up afterwards, until Ctrl-C

INLET_STORE, INLET_INFLUX_… and INLET_PORT are passed on to the service.
`;

/** Readings in a request, and in a frame. */
const batch = { http: 500, ws: 50 };
/** How long the store and the live feed may take to catch up. */
const catchUpMs = 60_000;

interface Replayed {
  sensor: Sensor;
  survey: Survey;
  tally: Tally;
  acknowledged: Acknowledged;
}

async function demonstrate(url: string): Promise<Account> {
  const live = new LiveFollower(
    url,
    sensors.map(({ device }) => device),
  );
  try {
    await live.start();
    const startedAtMs = performance.now();
    const replayed = await replayAll(url);
    const sendingMs = performance.now() - startedAtMs;
    const stats = await caughtUp(url, live);
    return await settle(url, { replayed, sendingMs, stats, live });
  } finally {
    live.stop();
  }
}

/** All four at the same time, as fast as the service takes them. */
async function replayAll(url: string): Promise<Replayed[]> {
  const replays = await Promise.all(
    sensors.map(async (sensor) => ({
      sensor,
      survey: await survey(sensor.file),
      tally: new Tally(),
      acknowledged: new Acknowledged(sensor.field),
    })),
  );
  const total = replays.reduce((sum, { survey }) => sum + survey.rows, 0);
  console.log(
    `Replaying ${sensors.length} recorded sensors, ${count(total)} readings, to ${url} (store: ${process.env['INLET_STORE'] || 'duckdb'})\n`,
  );
  const progress = new Progress(
    total,
    replays.map(({ tally }) => tally),
  );
  progress.start();
  await Promise.all(replays.map(async (one) => await replay(url, one)));
  progress.stop();
  return replays;
}

async function replay(url: string, { sensor, survey, tally, acknowledged }: Replayed): Promise<void> {
  const { protocol } = sensor;
  const device = openDevice(sensor.device, { url, protocol, batch: batch[protocol] }, tally, acknowledged);
  const plan = replayPlan({ kind: 'replay', ...sensor, speed: 0, shiftToNow: false }, survey, Date.now());
  await play(plan, device, batch[protocol], tally, AbortSignal.timeout(catchUpMs));
  await device.flush();
  device.stop();
}

/** Waits until everything accepted is in the store, and has been seen live. */
async function caughtUp(url: string, live: LiveFollower): Promise<Stats> {
  const deadlineMs = Date.now() + catchUpMs;
  for (;;) {
    const stats = await readStats(url);
    const isSeen = live.total + live.conflated >= stats.accepted || live.gaps.length > 0;
    if ((stats.pending === 0 && isSeen) || Date.now() > deadlineMs) return stats;
    await pause(50);
  }
}

interface Sent {
  replayed: Replayed[];
  sendingMs: number;
  stats: Stats;
  live: LiveFollower;
}

/** Asks everything back and compares it with what was acknowledged. */
async function settle(url: string, { replayed, sendingMs, stats, live }: Sent): Promise<Account> {
  const startedAtMs = performance.now();
  const accounts: SensorAccount[] = [];
  const latencies = { http: new Latencies(), ws: new Latencies() };
  let pages = 0;
  for (const { sensor, survey, tally, acknowledged } of replayed) {
    const history = await readHistory(url, { ...sensor, ...survey });
    pages += history.pages;
    latencies[sensor.protocol].addAll(tally.latencies);
    accounts.push({
      sensor,
      sent: tally.sent,
      accepted: tally.acked,
      rejected: tally.rejected + tally.refused,
      live: live.of(sensor.device),
      overwritten: acknowledged.overwritten,
      inHistory: history.rows.length,
      comparison: acknowledged.compare(history.rows),
    });
  }
  return {
    sensors: accounts,
    stats,
    live: { conflated: live.conflated, gaps: live.gaps.length },
    resent: replayed.reduce((sum, { tally }) => sum + tally.resent, 0),
    latencies,
    sendingMs,
    reading: { pages, ms: performance.now() - startedAtMs },
  };
}

/** The environment of the service: ours, without what would make it a part of something else or close it to us. */
function environment(dataDirectory: string): Record<string, string | undefined> {
  const { INLET_INFLUX_DATABASE: database, INLET_INFLUX_BUCKET: bucket, ...rest } = process.env;
  for (const name of ['INLET_HOST', 'INLET_ACCESS_FILE', 'INLET_TLS_CERT', 'INLET_TLS_KEY']) delete rest[name];
  for (const name of Object.keys(rest)) if (name.startsWith('INLET_MQTT_')) delete rest[name];
  const ownDatabase = `inlet_demo_${Date.now()}`;
  return {
    INLET_PORT: '0',
    INLET_LOG_LEVEL: 'warn',
    ...rest,
    INLET_INFLUX_DATABASE: database ?? bucket ?? ownDatabase,
    INLET_INFLUX_BUCKET: bucket ?? database ?? ownDatabase,
    INLET_DATA_DIR: dataDirectory,
  };
}

/** Where the readings went, if they stay there when the demonstration is over. */
function leftBehind(environment: Record<string, string | undefined>): string {
  if (environment['INLET_STORE'] !== 'influxdb') return '';
  return `\n\n  The readings stay in InfluxDB, database ${environment['INLET_INFLUX_DATABASE']}.`;
}

/** @returns the exit code */
async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { keep: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  const interruption = once(interrupted.signal, 'abort').then(() => 130);

  const dataDirectory = await mkdtemp(path.join(tmpdir(), 'inlet-demo-'));
  const settings = environment(dataDirectory);
  const service = new Service(settings);
  try {
    await service.start();
    const code = await Promise.race([run(service.url, leftBehind(settings)), interruption]);
    if (values.keep && code !== 130) {
      console.log(
        `\nThe service stays up at ${service.url}, its data in ${dataDirectory}.\nCtrl-C ends it and deletes the data.`,
      );
      await interruption;
    }
    return code;
  } finally {
    await service.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

/** @returns the exit code: 0 when every promise was kept */
async function run(url: string, afterword: string): Promise<number> {
  const account = await demonstrate(url);
  console.log(describeAccount(account) + afterword);
  return checks(account).every(({ kept }) => kept) ? 0 : 1;
}

try {
  // Not only `exitCode`: after Ctrl-C a replay may still be waiting for its answers.
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
