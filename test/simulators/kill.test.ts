/** The service is killed in the middle of a simulator's run, and started again on the same data. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { readPages, readStats, type Stats } from '../../simulators/history.js';
import { Service } from '../../simulators/service.js';

interface Recorded {
  device: string;
  ts: number;
  fields: Record<string, number>;
}

const simulator = fileURLToPath(new URL('../../simulators/simulate.js', import.meta.url));
const fleet = '--devices 20 --rate 50 --duration 6s --profile environment'.split(' ');
const fields = ['temperature', 'humidity', 'pressure', 'co2'];
const readings = 20 * 50 * 6;
const kills = 3;

t.setTimeout(180_000);

for (const protocol of ['http', 'ws']) {
  await t.test(`kill -9 in the middle of a run over ${protocol} loses nothing and doubles nothing`, async (t) => {
    const directory = t.testdir();
    const record = path.join(directory, 'acked.ndjson');
    const service = new Service({
      ...plainEnvironment(),
      INLET_PORT: '0',
      INLET_DATA_DIR: path.join(directory, 'data'),
    });
    await service.start();
    t.teardown(async () => await service.stop());

    const args = [simulator, '--url', service.url, '--protocol', protocol, '--record', record, ...fleet];
    const run = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = Promise.all([text(run.stdout), once(run, 'exit')]);
    for (let kill = 0; kill < kills; kill++) {
      await pause(900 + 400 * Math.random());
      await service.kill();
      await service.start();
    }
    const [summary, [code]] = await ended;
    t.equal(code, 0, summary);
    t.match(summary, /resent +[1-9]/, 'the kills fell while something was on its way');
    await compare(t, service.url, record);
  });
}

async function compare(t: Test, url: string, record: string): Promise<void> {
  const stats = await delivered(url);
  const acked = (await readFile(record, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded);
  const acknowledged = new Map(acked.map((reading) => [identity(reading), valuesOf(reading.fields)]));
  t.equal(acked.length, readings, 'every reading was acknowledged once');
  t.equal(acknowledged.size, readings);

  const stored = await storedRows(url, acked);
  const found = new Map(stored);
  t.equal(found.size, stored.length, 'none is stored twice');
  const missing = [...acknowledged].filter(([key, values]) => found.get(key) !== values);
  t.same(missing, [], 'every acknowledged reading is there with its values');
  t.equal(found.size, acknowledged.size, 'and nothing else');

  const { received, accepted, rejected, quarantined, discarded, pending } = stats;
  t.equal(received, accepted + rejected);
  t.equal(accepted, stats.stored + quarantined + discarded + pending);
  t.ok(accepted >= readings, 'what was resent counts again');
  t.equal(pending, 0);
}

async function delivered(url: string): Promise<Stats> {
  for (let tries = 0; ; tries++) {
    const stats = await readStats(url);
    if (stats.pending === 0 || tries === 300) return stats;
    await pause(100);
  }
}

async function storedRows(url: string, acked: Recorded[]): Promise<[identity: string, values: string][]> {
  const times = acked.map(({ ts }) => ts);
  const firstMs = times.reduce((a, b) => Math.min(a, b));
  const lastMs = times.reduce((a, b) => Math.max(a, b));
  const rows: [string, string][] = [];
  const range = { types: 'environment', from: `${firstMs - 60_000}`, to: `${lastMs + 60_000}`, limit: '777' };
  for await (const page of readPages(url, range)) {
    for (const cells of page.rows) {
      const row = Object.fromEntries(page.columns.map((column, at) => [column, cells[at]]));
      rows.push([identity(row as unknown as Recorded), valuesOf(row)]);
    }
  }
  return rows;
}

function identity({ device, ts }: { device: string; ts: number }): string {
  return `${device} ${ts}`;
}

function valuesOf(row: Record<string, unknown>): string {
  return fields.map((field) => String(row[field])).join(' ');
}

/** Ours without settings of the service that the caller happens to have. */
function plainEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('INLET_')));
}
