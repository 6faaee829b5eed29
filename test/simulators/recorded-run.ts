/** A simulator's run as a process, and its record of what was acknowledged against what is in history afterwards. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { readPages, readStats, type Stats } from '../../simulators/history.js';

interface Recorded {
  device: string;
  ts: number;
  fields: Record<string, number>;
}

export interface Fleet {
  devices: number;
  rateHz: number;
  seconds: number;
}

const simulator = fileURLToPath(new URL('../../simulators/simulate.js', import.meta.url));
const fields = ['temperature', 'humidity', 'pressure', 'co2'];
const deliveredWithinMs = 60_000;

/** @returns the exit code and the summary, when it has ended */
export function simulate(
  t: Test,
  { devices, rateHz, seconds }: Fleet,
  where: { url: string; protocol: string; record: string },
): Promise<{ code: number; summary: string }> {
  const fleet = ['--devices', `${devices}`, '--rate', `${rateHz}`, '--duration', `${seconds}s`];
  const args = ['--url', where.url, '--protocol', where.protocol, '--record', where.record, ...fleet];
  const run = spawn(process.execPath, [simulator, ...args, '--profile', 'environment'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => run.kill('SIGKILL'));
  return Promise.all([text(run.stdout), once(run, 'exit')]).then(([summary, [code]]) => ({
    code: code as number,
    summary,
  }));
}

/** Every acknowledged reading is in history, once, with its values, and nothing else is; and the counts close. */
export async function compareWithHistory(
  t: Test,
  url: string,
  record: string,
  { devices, rateHz, seconds }: Fleet,
): Promise<void> {
  const readings = devices * rateHz * seconds;
  const acked = (await readFile(record, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded);
  const acknowledged = new Map(acked.map((reading) => [identity(reading), valuesOf(reading.fields)]));
  t.equal(acked.length, readings, 'every reading was acknowledged once');
  t.equal(acknowledged.size, readings);

  const { stats, stored } = await delivered(url, acked, readings);
  const found = new Map(stored);
  t.equal(found.size, stored.length, 'none is stored twice');
  const missing = [...acknowledged].filter(([key, values]) => found.get(key) !== values);
  t.equal(missing.length, 0, 'every acknowledged reading is there with its values', { missing: missing.slice(0, 10) });
  t.equal(found.size, acknowledged.size, 'and nothing else');

  const { received, accepted, rejected, quarantined, discarded, pending } = stats;
  t.equal(received, accepted + rejected);
  t.equal(accepted, stats.stored + quarantined + discarded + pending);
  t.ok(accepted >= readings, 'what was resent counts again');
  t.equal(pending, 0);
}

/** Behind a broker, readings may come after their acknowledgement. */
async function delivered(url: string, acked: Recorded[], readings: number) {
  for (const deadline = Date.now() + deliveredWithinMs; ; await pause(200)) {
    const stats: Stats = await readStats(url);
    const isOver = Date.now() > deadline;
    if (!isOver && (stats.pending > 0 || stats.accepted < readings)) continue;
    const stored = await storedRows(url, acked);
    if (isOver || stored.length >= readings) return { stats, stored };
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
