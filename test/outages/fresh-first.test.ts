/**
 * A store that is back has a backlog to take: what comes in now is stored before that is through. DuckDB refuses since the
 * file system of its directory is too small, and takes readings when that has grown; InfluxDB is not there at first.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { deviceCount, firstTimeMs, readingText, stepMs } from '../../bench/shape.js';
import { fillSpool } from '../../bench/spool-filler.js';
import { usualPace } from '../../src/pipeline/delivery-pace.js';
import { Influxd, influxdIsMissing } from '../servers/influxd.js';
import { startInlet, type InletProcess } from '../servers/inlet.js';

const mebibyte = 1024 * 1024;
const patienceMs = 100_000;

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + patienceMs; !(await isSo()); await pause(20)) {
    if (Date.now() > deadline) throw new Error(`not within ${patienceMs} ms: ${what}`);
  }
}

interface Page {
  rows: unknown[][];
}

async function temperatures(inlet: InletProcess, device: string, ts: number): Promise<unknown[]> {
  const range = `from=${ts}&to=${ts + 1}`;
  const { rows } = await inlet.getJson<Page>(`/v1/history?types=machine&devices=${device}&fields=temperature&${range}`);
  return rows.map((row) => row.at(-1));
}

async function freshFirst(t: Test, inlet: InletProcess, filledAtMs: number, comeBack: () => Promise<void>) {
  const backlog = (await inlet.stats()).accepted;
  await until('it refuses', () => inlet.stdout.some((line) => line.includes('does not take readings now')));
  // The last reading of a device in the backlog gets another value.
  const correctedAt = firstTimeMs + (backlog / deviceCount - 1) * stepMs;
  const sent = { type: 'machine', fields: { temperature: 33.5 } };
  const { device, tags } = JSON.parse(readingText(5, 5, correctedAt)) as { device: string; tags: object };
  await inlet.send({ ...sent, device, tags, ts: correctedAt });
  await pause(Math.max(0, filledAtMs + usualPace.staleMs - Date.now()));
  await comeBack();

  const sentAt = Date.now();
  await inlet.send({ ...sent, device: 'press-9999', ts: sentAt });
  await until('the fresh reading is there', async () => {
    return (await temperatures(inlet, 'press-9999', sentAt).catch(() => [])).length > 0;
  });
  const tookMs = Date.now() - sentAt;
  const { pending } = await inlet.stats();
  t.comment(`the fresh reading could be queried after ${tookMs} ms; ${pending} of ${backlog} were still to come`);
  t.ok(pending > backlog / 10, `${pending} readings of the backlog are still to come`);
  t.same(await temperatures(inlet, 'press-9999', sentAt), [33.5]);

  const acked = await inlet.post({ ...sent, device: 'press-9999', ts: sentAt + 1 }, '?ack=store&timeout=30');
  t.match(await acked.json(), { stored: true }, 'who waits for the store is answered beside the backlog');
  await until('the backlog is in', async () => (await inlet.stats()).pending === 0);
  const stats = await inlet.stats();
  t.equal(stats.stored, backlog + 3);
  t.equal(stats.accepted, stats.stored);
  t.same(await temperatures(inlet, device, correctedAt), [33.5], 'the correction has won');
  const query = `types=machine&fields=temperature&fn=count&from=${firstTimeMs}&to=${correctedAt + 1}&every=1000d`;
  const { rows } = await inlet.getJson<Page>(`/v1/history?${query}`);
  const counted = rows.reduce((sum, row) => sum + Number(row.at(-1)), 0);
  t.equal(counted, backlog, 'all of the backlog is there once');
}

await t.test('DuckDB with too small a disk takes fresh readings first when it has grown', async (t) => {
  const data = await mkdtemp(path.join(tmpdir(), 'inlet-fresh-first-'));
  t.teardown(() => rm(data, { recursive: true }));
  const disk = path.join(data, 'duckdb');
  await fillSpool(data, 100 * mebibyte);
  const filledAtMs = Date.now();
  await mkdir(disk);
  await t.test('the run', async (t) => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=700', 'tmpfs', disk]);
    t.teardown(() => execFileSync('umount', ['-l', disk]));
    const inlet = await startInlet(t, { INLET_DATA_DIR: data });
    await freshFirst(t, inlet, filledAtMs, async () => {
      execFileSync('mount', ['-o', 'remount,size=1g', disk]);
    });
  });
});

if (!influxdIsMissing('InfluxDB back after an outage')) {
  await t.test('InfluxDB takes fresh readings first when it is back', async (t) => {
    const data = t.testdir();
    await fillSpool(data, 30 * mebibyte);
    const filledAtMs = Date.now();
    const influxd = await new Influxd().start();
    t.teardown(() => influxd.stop());
    await influxd.kill();
    const store = { INLET_STORE: 'influxdb', INLET_INFLUX_URL: influxd.url };
    const inlet = await startInlet(t, { ...store, INLET_DATA_DIR: data });
    await freshFirst(t, inlet, filledAtMs, async () => influxd.restart());
  });
}
