import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SegmentedSpool } from '../../src/spool/log.js';
import { hasInfluxd, InfluxdProcess } from '../servers/influxd.js';
import { inPairs } from '../measure.js';
import { describePair } from '../report.js';
import { ratioLine, type Run } from '../result.js';
import { fillSpool } from '../spool-filler.js';
import { OurServer } from '../subject.js';
import type { Case, CaseContext } from './case.js';

const database = 'telemetry';
const unit = 'readings/s';
/** 2.5 M readings: half a minute where InfluxDB takes 100,000 in a second. */
const mostSpoolMiB = 256;
/** What the delivery puts into one request. */
const bodyBytes = 5 * 1024 * 1024;
const askEveryMs = 20;

interface Body {
  lines: Buffer;
  readings: number;
}

/** What the delivery will send, put together as it does. */
async function bodiesIn(dataDirectory: string): Promise<Body[]> {
  const spool = new SegmentedSpool({
    directory: path.join(dataDirectory, 'spool'),
    maxBytes: 4 * 2 ** 30,
    keepBytes: 2 ** 30,
  });
  await spool.start(null);
  const bodies: Body[] = [];
  for (let position = 0; position < spool.head;) {
    const records = await spool.read(position, bodyBytes);
    const readings = records.reduce((sum, { count }) => sum + count, 0);
    bodies.push({ lines: Buffer.concat(records.map(({ payload }) => payload)), readings });
    position += readings;
  }
  await spool.stop();
  return bodies;
}

/**
 * From the answer to the first request until that to the last, for both.
 */
async function deliverOurs(full: string, influxd: InfluxdProcess, { scratch, profile }: CaseContext): Promise<Run> {
  const ours = new OurServer(scratch, profile, [], {
    INLET_STORE: 'influxdb',
    INLET_INFLUX_URL: influxd.url,
    INLET_INFLUX_DATABASE: database,
  });
  cpSync(full, ours.directory, { recursive: true });
  try {
    await ours.server.start();
    let first: { stored: number; atMs: number; cpu: number | undefined } | undefined;
    for (;;) {
      const { stored, pending } = await ours.stats();
      const [atMs, cpu] = [performance.now(), ours.server.cpuSeconds];
      if (stored > 0 && !first) first = { stored, atMs, cpu };
      if (pending === 0 && first) {
        const count = stored - first.stored;
        const spent = cpu === undefined || first.cpu === undefined ? undefined : cpu - first.cpu;
        const cpuSecondsPerMillion = spent === undefined ? null : (spent / count) * 1e6;
        return { rate: (count / (atMs - first.atMs)) * 1000, cpuSecondsPerMillion, loadBusy: 0 };
      }
      await pause(askEveryMs);
    }
  } finally {
    await ours.stop();
  }
}

async function postStraight(bodies: readonly Body[], influxd: InfluxdProcess): Promise<Run> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const create = new URLSearchParams({ q: `CREATE DATABASE ${database}` });
  await fetch(`${influxd.url}/query`, { method: 'POST', body: create });
  let count = 0;
  let startedAtMs = 0;
  for (const [index, { lines, readings }] of bodies.entries()) {
    const posted = request(`${influxd.url}/write?db=${database}`, { method: 'POST', agent });
    posted.end(lines);
    const [response] = (await once(posted, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    if (response.statusCode !== 204) throw new Error(`InfluxDB answered ${response.statusCode}`);
    if (index === 0) startedAtMs = performance.now();
    else count += readings;
  }
  const rate = (count / (performance.now() - startedAtMs)) * 1000;
  agent.destroy();
  return { rate, cpuSecondsPerMillion: null, loadBusy: 0 };
}

async function onFreshInfluxd(context: CaseContext, work: (influxd: InfluxdProcess) => Promise<Run>): Promise<Run> {
  const influxd = await new InfluxdProcess(context.scratch.next()).start();
  try {
    return await work(influxd);
  } finally {
    await influxd.stop();
  }
}

export const deliverInflux: Case = {
  name: 'deliver-influx',
  title: 'From the spool into InfluxDB',
  how: [
    `A spool of up to ${mostSpoolMiB} MiB (2.5 M readings) is delivered to an InfluxDB 1.x that is new for each run; from its ` +
      'answer to the first request to that to the last.',
    'Bare is a POST after the other of the same lines, in bodies of the same size that are in memory already, on one ' +
      'kept-alive connection, as ours has.',
  ],
  async run(context) {
    const { scratch, spoolMiB, pairs, say } = context;
    if (!hasInfluxd()) {
      say('there is no influxd on this machine, so there is nothing to measure');
      return [];
    }
    const full = scratch.next();
    await fillSpool(full, Math.min(spoolMiB, mostSpoolMiB) * 2 ** 20);
    const bodies = await bodiesIn(full);
    const measured = await inPairs(
      pairs,
      () => onFreshInfluxd(context, (influxd) => deliverOurs(full, influxd, context)),
      () => onFreshInfluxd(context, (influxd) => postStraight(bodies, influxd)),
      (pair) => say(describePair(pair, unit)),
    );
    return [ratioLine('delivered', unit, [0.8, 0.95], measured)];
  },
};
