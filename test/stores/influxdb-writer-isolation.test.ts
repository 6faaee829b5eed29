/** From the spool through the delivery into a real InfluxDB: what it refuses costs only the readings concerned. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { Delivery } from '../../src/pipeline/delivery.js';
import { systemClock } from '../../src/ports/clock.js';
import type { HistoryWriter, RemoveResult, WriteBatch, WriteResult } from '../../src/ports/history-store.js';
import { FileQuarantine } from '../../src/quarantine/file-quarantine.js';
import { SegmentedSpool } from '../../src/spool/log.js';
import { InfluxStore } from '../../src/stores/influxdb/store.js';
import { Influxd, influxdIsMissing } from '../servers/influxd.js';
import { ScriptedInfluxDb, fixture } from '../servers/scripted-influxdb.js';

const readings = 50_000;
const perRecord = 10_000;
const start = 1_700_000_000_000_000_000n;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Counts what comes to the store. */
class CountingWriter implements HistoryWriter {
  readonly keepsDeliveryState = false;
  readonly #writer: HistoryWriter;
  writes = 0;
  lines = 0;

  constructor(writer: HistoryWriter) {
    this.#writer = writer;
  }

  deliveryState(): Promise<null> {
    return Promise.resolve(null);
  }

  prepare(batch: WriteBatch): void {
    this.#writer.prepare(batch);
  }

  write(...[batch, state]: Parameters<HistoryWriter['write']>): Promise<WriteResult> {
    this.writes++;
    this.lines += batch.count;
    return this.#writer.write(batch, state);
  }

  remove(device: string): Promise<RemoveResult> {
    return this.#writer.remove(device);
  }

  retain(): Promise<void> {
    return Promise.resolve();
  }
}

/** Delivers lines from a spool of their own. @returns what the store was asked, and what was given up */
async function deliver(t: Test, store: InfluxStore, lines: string[]) {
  const directory = await mkdtemp(path.join(tmpdir(), 'inlet-isolation-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const spool = new SegmentedSpool({
    directory: path.join(directory, 'spool'),
    maxBytes: 2 ** 27,
    keepBytes: 0,
    onFailure: (reason) => t.fail(reason.message),
    onRecovery: () => undefined,
  });
  await spool.start(null);
  for (let from = 0; from < lines.length; from += perRecord) {
    const part = lines.slice(from, from + perRecord);
    const payload = part.map((line) => `${line}\n`).join('');
    await spool.append({ payload, count: part.length, late: false, arrivedMs: 0 }).durable;
  }
  const quarantine = new FileQuarantine(path.join(directory, 'quarantine'), quiet);
  await quarantine.start();
  const writer = new CountingWriter(store.writer);
  const delivery = new Delivery({ spool, writer, quarantine, clock: systemClock, log: quiet });
  delivery.start();
  t.ok(await delivery.untilStored(lines.length, 60_000), 'all of it was delivered');
  const { stored, quarantined } = delivery.state;
  const entries = quarantine.list({ after: null, limit: 100 });
  await delivery.stop();
  await quarantine.stop();
  await spool.stop();
  return { writes: writer.writes, lines: writer.lines, stored, quarantined, entries };
}

function linesWith(bad: Record<number, string>): string[] {
  return Array.from({ length: readings }, (_, n) => {
    const value = bad[n] ?? `temperature=${n}.5`;
    return `machine,device=machine-${n % 1000},site=lyon ${value} ${start + BigInt(n)}`;
  });
}

if (!influxdIsMissing('Isolation of what InfluxDB refuses')) {
  const influxd = await new Influxd({ maxBodyBytes: 25_000_000 }).start();
  t.teardown(() => influxd.stop());
  let databases = 0;

  async function openStore(t: Test, server = influxd): Promise<{ store: InfluxStore; count: () => Promise<unknown> }> {
    const database = `isolation-${++databases}`;
    const store = new InfluxStore({ url: server.url, database, timeoutMs: 10_000 });
    t.teardown(() => store.stop());
    const seed = Buffer.from(`machine,device=seed temperature=1 ${start}\n`);
    const batch: WriteBatch = { payload: seed, runs: [{ position: 0, count: 1 }], count: 1 };
    const state = { low: 0, ranges: [], stored: 0, quarantined: 0 };
    t.equal((await store.writer.write(batch, state)).outcome, 'stored');
    const count = async () => {
      const answer = await server.query('SELECT count(temperature) FROM machine', database);
      const { results } = answer as { results: { series: { values: unknown[][] }[] }[] };
      return results[0]?.series[0]?.values[0]?.[1];
    };
    return { store, count };
  }

  const places: [at: number, atMost: number][] = [
    [0, 33],
    [31_337, 26],
    [readings - 1, 17],
  ];
  for (const [at, atMost] of places) {
    await t.test(`one bad reading in 50,000, number ${at}, costs at most ${atMost} more writes`, async (t) => {
      const { store, count } = await openStore(t);
      const result = await deliver(t, store, linesWith({ [at]: 'temperature="hot"' }));
      t.comment(`${result.writes - 1} more writes, ${result.lines - readings} lines sent again`);
      t.ok(result.writes - 1 <= atMost, `${result.writes - 1} more writes`);
      t.ok(result.lines - readings <= 2 * readings, `${result.lines - readings} lines sent again`);
      t.equal(result.stored, readings - 1);
      t.same(
        result.entries.map(({ id }) => id),
        [at],
      );
      t.match(result.entries[0]!.reason, /field type conflict: input field "temperature".*is type string/);
      t.equal(await count(), readings, 'all others are there, and the one from before');
    });
  }

  await t.test('each bad reading is found, with the words that are its own', async (t) => {
    const { store, count } = await openStore(t);
    const bad = { 7: 'temperature="hot"', 8: 'temperature=true', 24_999: 'temperature=1i', 25_000: 'temperature="x"' };
    const result = await deliver(t, store, linesWith(bad));
    t.comment(`${result.writes - 1} more writes, ${result.lines - readings} lines sent again`);
    t.ok(result.writes - 1 <= 4 * 33);
    t.equal(result.stored, readings - 4);
    t.same(
      result.entries.map(({ id, reason }) => [id, /is type (\w+)/.exec(reason)?.[1]]),
      [
        [7, 'string'],
        [8, 'boolean'],
        [24_999, 'integer'],
        [25_000, 'string'],
      ],
    );
    t.equal(await count(), readings - 3);
  });

  await t.test('a backfill that its retention policy refuses as a whole is given up in one go', async (t) => {
    const database = `isolation-${++databases}`;
    await influxd.query(`CREATE DATABASE "${database}" WITH DURATION 1h`);
    const store = new InfluxStore({ url: influxd.url, database, timeoutMs: 10_000 });
    t.teardown(() => store.stop());
    const result = await deliver(t, store, linesWith({}));
    t.equal(result.writes, 1);
    t.equal(result.quarantined, readings);
    t.match(result.entries[99], { id: 99, reason: /points beyond retention policy dropped=50000$/ });
    const young = `machine,device=young temperature=1 ${Date.now()}000000`;
    const mixed = await deliver(t, store, [...linesWith({}).slice(0, 3), young]);
    t.match([mixed.stored, mixed.quarantined], [1, 3], 'and one that it refuses in part is looked through');
  });

  await t.test('a batch that is too large for the server is split, and nothing of it is given up', async (t) => {
    const small = await new Influxd({ maxBodyBytes: 500_000 }).start();
    t.teardown(() => small.stop());
    const { store, count } = await openStore(t, small);
    const result = await deliver(t, store, linesWith({}));
    t.equal(result.stored, readings);
    t.same(result.entries, []);
    t.equal(await count(), readings + 1);
  });
}

await t.test('what a 3.x names is given up without asking again', async (t) => {
  const peer = await new ScriptedInfluxDb(({ url }) => {
    if (url === '/ping') return fixture('v3-ping');
    return fixture('v3-partial-write');
  }).start();
  const store = new InfluxStore({ url: peer.url, token: 'T', database: 'plant', timeoutMs: 10_000 });
  t.teardown(async () => {
    await store.stop();
    await peer.stop();
  });
  const result = await deliver(t, store, linesWith({ 1: 'temperature="hi"' }));
  t.equal(result.writes, 1);
  t.equal(result.stored, readings - 1);
  t.match(result.entries, [{ id: 1, reason: /^invalid column type for column 'temp'/ }]);
});
