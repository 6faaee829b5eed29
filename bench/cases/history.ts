import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { once, on } from 'node:events';
import { WebSocket } from 'ws';
import { DirectDuckDb, directInflux, type Questions, type Span } from '../direct-queries.js';
import { hasInfluxd, InfluxdProcess } from '../servers/influxd.js';
import { describePair } from '../report.js';
import { inPairs } from '../measure.js';
import { ratioLine, type RatioLine, type Run } from '../result.js';
import { ServerProcess } from '../server-process.js';
import { deviceCount, firstTimeMs, stepMs } from '../shape.js';
import { fillSpool } from '../spool-filler.js';
import { ourProcess, untilStored } from '../subject.js';
import type { Case, CaseContext } from './case.js';

const points = 1000;
const fewestAnswers = 5;
const database = 'telemetry';
const unit = 'answers/s at p95';
const device = 'press-0042';

/** All that was delivered: the readings of a device are a step apart. */
function spanOf(stored: number): Span {
  const steps = Math.ceil(stored / deviceCount);
  const bucketMs = Math.max(stepMs, Math.ceil(steps / points) * stepMs);
  return { fromMs: firstTimeMs, toMs: firstTimeMs + steps * stepMs, bucketMs, device };
}

/** The same questions of our service, which is asked over HTTP. */
function overHttp(url: string, { fromMs, toMs, bucketMs }: Span): Questions {
  const ask = (query: string) => async () => {
    const range = `types=machine&fields=temperature&from=${fromMs}&to=${toMs}`;
    const response = await fetch(`${url}/v1/history?${range}&${query}`);
    const text = await response.text();
    if (response.status !== 200) throw new Error(text);
    JSON.parse(text);
    return text.length;
  };
  return {
    day: ask(`devices=${device}&every=${bucketMs}ms&group=device&limit=${2 * points}`),
    bySite: ask('every=100y&group=tag.site'),
    newest: () => snapshotOf(url),
  };
}

/**
 * The newest value of every device as a dashboard gets it that opens: a connection, a subscription and its snapshot, which
 * comes from the catalog. @returns how many characters came
 */
async function snapshotOf(url: string): Promise<number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`, { perMessageDeflate: false });
  try {
    await once(socket, 'open');
    socket.send(JSON.stringify({ id: 1, subscribe: { types: ['machine'], fields: ['temperature'], snapshot: true } }));
    let characters = 0;
    let readings = 0;
    for await (const [data] of on(socket, 'message', { close: ['close'] })) {
      const text = (data as Buffer).toString();
      characters += text.length;
      readings += (JSON.parse(text) as { snapshot?: unknown[] }).snapshot?.length ?? 0;
      if (readings >= deviceCount) return characters;
    }
    throw new Error(`the connection ended after ${readings} readings`);
  } finally {
    socket.terminate();
  }
}

/** Asks one after the other for so long. */
async function askFor(seconds: number, ask: () => Promise<number>): Promise<Run> {
  const milliseconds: number[] = [];
  const endMs = performance.now() + seconds * 1000;
  await ask();
  while (milliseconds.length < fewestAnswers || performance.now() < endMs) {
    const askedAtMs = performance.now();
    await ask();
    milliseconds.push(performance.now() - askedAtMs);
  }
  const p95 = milliseconds.sort((a, b) => a - b)[Math.ceil(milliseconds.length * 0.95) - 1]!;
  return { rate: 1000 / p95, cpuSecondsPerMillion: null, loadBusy: 0 };
}

const titles: Record<keyof Questions, string> = {
  day: `one device to ${points} points`,
  bySite: 'mean by site over all',
  newest: 'newest of all',
};

async function compare(
  store: string,
  ours: Questions,
  direct: Questions,
  { pairs, seconds, say }: CaseContext,
): Promise<RatioLine[]> {
  const lines: RatioLine[] = [];
  for (const [name, title] of Object.entries(titles) as [keyof Questions, string][]) {
    say(`${store}: ${title}`);
    const measured = await inPairs(
      pairs,
      () => askFor(seconds, ours[name]),
      () => askFor(seconds, direct[name]),
      (pair) => say(`  ${describePair(pair, unit)}`),
    );
    lines.push(ratioLine(`${store}: ${title}`, unit, [1 / 1.3, 1 / 1.1], measured));
  }
  return lines;
}

async function overDuckDb(context: CaseContext): Promise<RatioLine[]> {
  const { scratch, profile, spoolMiB, say } = context;
  const directory = scratch.next();
  await fillSpool(directory, spoolMiB * 2 ** 20);
  const server = new ServerProcess(ourProcess(directory, profile));
  const direct = new DirectDuckDb();
  try {
    await server.start();
    const span = spanOf(await untilStored(server));
    say(`DuckDB has ${span.toMs - span.fromMs} ms of ${deviceCount} devices`);
    // The file is open to one process at a time, so those who ask directly have a copy.
    await server.stop();
    const copy = path.join(scratch.next(), 'history.duckdb');
    mkdirSync(path.dirname(copy), { recursive: true });
    copyFileSync(path.join(directory, 'duckdb', 'history.duckdb'), copy);
    await server.start();
    return await compare('DuckDB', overHttp(server.url, span), await direct.open(copy, span), context);
  } finally {
    direct.close();
    await server.stop();
  }
}

async function overInflux(context: CaseContext): Promise<RatioLine[]> {
  const { scratch, profile, spoolMiB, say } = context;
  const directory = scratch.next();
  await fillSpool(directory, spoolMiB * 2 ** 20);
  const influxd = new InfluxdProcess(scratch.next());
  await influxd.start();
  const ours = ourProcess(directory, profile);
  const environment = { INLET_STORE: 'influxdb', INLET_INFLUX_URL: influxd.url, INLET_INFLUX_DATABASE: database };
  const server = new ServerProcess({ ...ours, environment: { ...ours.environment, ...environment } });
  try {
    await server.start();
    const span = spanOf(await untilStored(server));
    say(`InfluxDB has ${span.toMs - span.fromMs} ms of ${deviceCount} devices`);
    return await compare('InfluxDB', overHttp(server.url, span), directInflux(influxd.url, database, span), context);
  } finally {
    await server.stop();
    await influxd.stop();
  }
}

export const history: Case = {
  name: 'history',
  title: 'History over HTTP against the same question to the store itself',
  how: [
    `The store has taken in a whole spool (10 M readings in 1 GiB) of ${deviceCount} devices. One question after the other, ` +
      'asked for as long as a pair lasts; a rate is one through the 95th percentile of the times, so 0.77 is 1.3 times as long.',
    'Ours is asked over HTTP. Bare is DuckDB in the process that asks, on a copy of the file; and InfluxDB over HTTP. Both ' +
      'answers are read to their end, and have the same columns.',
    'The newest of all is what a dashboard asks for when it opens: ours is a new connection to /v1/live, a subscription ' +
      'and its snapshot, from the catalog; bare is `last()` by series over the whole range.',
  ],
  async run(context) {
    const lines = await overDuckDb(context);
    if (hasInfluxd()) lines.push(...(await overInflux(context)));
    else context.say('there is no influxd on this machine, so InfluxDB is left out');
    return lines;
  },
};
