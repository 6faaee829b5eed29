/** A simulator's run as a process, and its record of what was acknowledged against what is in history afterwards. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { readPages } from '../../simulators/history.js';
import type { Stats } from '../../src/ports/operations.js';

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

export interface SimulatorRun {
  /** The exit code and the summary, when it has ended. */
  ended: Promise<{ code: number | null; summary: string }>;
  kill(): void;
}

const simulator = fileURLToPath(new URL('../../simulators/simulate.js', import.meta.url));
const fields = ['temperature', 'humidity', 'pressure', 'co2'];
const deliveredWithinMs = 60_000;
/** Few enough that a short run has several pages. */
const rowsOfPage = 777;
const rowsOfLargePage = 50_000;

export function startSimulator(
  { devices, rateHz, seconds }: Fleet,
  where: { url: string; protocol: string; record: string },
): SimulatorRun {
  const fleet = ['--devices', `${devices}`, '--rate', `${rateHz}`, '--duration', `${seconds}s`];
  const args = ['--url', where.url, '--protocol', where.protocol, '--record', where.record, ...fleet];
  const run = spawn(process.execPath, [simulator, ...args, '--profile', 'environment'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = Promise.all([text(run.stdout), once(run, 'exit')]).then(([summary, [code]]) => ({
    code: code as number | null,
    summary,
  }));
  return { ended, kill: () => void run.kill('SIGKILL') };
}

/** @returns the exit code and the summary, when it has ended */
export function simulate(
  t: Test,
  fleet: Fleet,
  where: { url: string; protocol: string; record: string },
): SimulatorRun['ended'] {
  const run = startSimulator(fleet, where);
  t.teardown(() => run.kill());
  return run.ended;
}

/** What was acknowledged, against what is stored. */
export interface Compared {
  acked: number;
  /** Distinct ones. */
  acknowledged: number;
  /** Acknowledged and not there. */
  lost: string[];
  /** There with other values. */
  wrong: string[];
  /** There more than once. */
  doubled: number;
  /** There and never acknowledged. */
  unknown: number;
  stats: Stats;
}

/** Waits for what is still to be delivered. */
export async function compare(url: string, record: string): Promise<Compared> {
  const acked = (await readFile(record, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded);
  const acknowledged = new Map(acked.map((reading) => [identity(reading), valuesOf(reading.fields)]));
  const { stats, stored } = await delivered(url, acked);
  const found = new Map(stored);
  const lost: string[] = [];
  const wrong: string[] = [];
  for (const [key, values] of acknowledged) {
    if (!found.has(key)) lost.push(key);
    else if (found.get(key) !== values) wrong.push(key);
  }
  const known = acknowledged.size - lost.length;
  const counts = { acked: acked.length, acknowledged: acknowledged.size, doubled: stored.length - found.size };
  return { ...counts, lost, wrong, unknown: found.size - known, stats };
}

/** Every acknowledged reading is in history, once, with its values, and nothing else is; and the counts close. */
export async function compareWithHistory(t: Test, url: string, record: string, fleet: Fleet): Promise<void> {
  const readings = readingsOf(fleet);
  const { acked, acknowledged, lost, wrong, doubled, unknown, stats } = await compare(url, record);
  t.equal(acked, readings, 'every reading was acknowledged once');
  t.equal(acknowledged, readings);
  t.equal(doubled, 0, 'none is stored twice');
  t.same([lost.slice(0, 10), wrong.slice(0, 10)], [[], []], 'every acknowledged reading is there with its values');
  t.equal(unknown, 0, 'and nothing else');

  const { received, accepted, rejected, quarantined, discarded, pending } = stats;
  t.equal(received, accepted + rejected);
  t.equal(accepted, stats.stored + quarantined + discarded + pending);
  t.ok(accepted >= readings, 'what was resent counts again');
  t.equal(pending, 0);
}

export function readingsOf({ devices, rateHz, seconds }: Fleet): number {
  return devices * rateHz * seconds;
}

/** Behind a broker, readings may come after their acknowledgement. */
async function delivered(url: string, acked: Recorded[]) {
  for (const deadline = Date.now() + deliveredWithinMs; ; await pause(200)) {
    const stats = (await (await fetch(new URL('/v1/stats', url))).json()) as Stats;
    const isOver = Date.now() > deadline;
    if (!isOver && (stats.pending > 0 || stats.accepted < acked.length)) continue;
    const stored = await storedRows(url, acked);
    if (isOver || stored.length >= acked.length) return { stats, stored };
  }
}

async function storedRows(url: string, acked: Recorded[]): Promise<[identity: string, values: string][]> {
  let [firstMs, lastMs] = [Infinity, 0];
  for (const { ts } of acked) {
    firstMs = Math.min(firstMs, ts);
    lastMs = Math.max(lastMs, ts);
  }
  const rows: [string, string][] = [];
  const limit = acked.length > rowsOfLargePage ? rowsOfLargePage : rowsOfPage;
  const range = { types: 'environment', from: `${firstMs - 60_000}`, to: `${lastMs + 60_000}`, limit: `${limit}` };
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
