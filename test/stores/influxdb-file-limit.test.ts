/** InfluxDB 3 Core refuses to read too many files at once. The peer does as it says; its words are from its source. */
import t, { type Test } from 'tap';
import type { ScanRow } from '../../src/ports/history-store.js';
import { InfluxStore } from '../../src/stores/influxdb/store.js';
import { fixture, ScriptedInfluxDb, type Answer, type Asked } from '../servers/scripted-influxdb.js';

const second = 1_000_000_000n;
const hour = 3600n * second;
const start = 1_700_000_000n * second;
const rows = 400;
const columns = [{ type: 'machine', fields: [{ name: 'value', kind: 'float' as const }] }];

/** A reading an hour, one file each; a query may read so many of them. */
let given = 0;

function core(fileLimit: number) {
  return ({ url, body }: Asked): Answer => {
    if (url === '/ping') return fixture('v3-ping');
    const statement = new URLSearchParams(body).get('q') ?? '';
    if (statement.startsWith('SHOW FIELD KEYS')) return answer(['fieldKey', 'fieldType'], [['value', 'float']]);
    if (!statement.startsWith('SELECT')) return { status: 200, body: '{"results":[{"statement_id":0}]}\n' };
    const [, from, to] = /time >= (-?\d+) AND time < (-?\d+)/.exec(statement)!.map((text) => text);
    const times = Array.from({ length: rows }, (_, index) => start + BigInt(index) * hour);
    const within = times.filter((ts) => ts >= BigInt(from!) && ts < BigInt(to!));
    if (within.length > fileLimit) return fixture('v3-too-many-files');
    if (statement.includes('DESC')) within.reverse();
    const limit = Number(/LIMIT (\d+)/.exec(statement)?.[1] ?? rows);
    if (statement.startsWith('SELECT last')) {
      const newest = within.at(-1);
      return answer(['time', 'last'], newest === undefined ? [] : [[timeText(newest), valueOf(newest)]], {
        device: 'a',
      });
    }
    if (statement.startsWith('SELECT mean')) {
      const sum = within.reduce((total, ts) => total + valueOf(ts), 0);
      const mean = within.length === 0 ? [] : [[timeText(BigInt(from!)), sum / within.length]];
      return answer(['time', 'mean'], mean, { device: 'a' });
    }
    given += Math.min(within.length, limit);
    const values = within.slice(0, limit).map((ts) => [timeText(ts), valueOf(ts), 'a']);
    return answer(['time', 'value', 'device'], values);
  };
}

function answer(names: string[], values: unknown[][], tags?: Record<string, string>): Answer {
  const series = values.length === 0 ? [] : [{ name: 'machine', columns: names, values, ...(tags && { tags }) }];
  return { status: 200, body: `${JSON.stringify({ results: [{ statement_id: 0, series }] })}\n` };
}

function timeText(ts: bigint): string {
  return new Date(Number(ts / 1_000_000n)).toISOString();
}

function valueOf(ts: bigint): number {
  return Number((ts - start) / hour);
}

async function openStore(t: Test, fileLimit: number) {
  const peer = await new ScriptedInfluxDb(core(fileLimit)).start();
  t.teardown(() => peer.stop());
  const store = new InfluxStore({ url: peer.url, timeoutMs: 5000, token: 'T', database: 'plant' });
  t.teardown(() => store.stop());
  return { peer, store };
}

async function collect<R>(chunks: AsyncIterable<R[]>): Promise<R[]> {
  const all: R[] = [];
  for await (const some of chunks) all.push(...some);
  return all;
}

const valuesOf = (found: readonly ScanRow[]) => found.map(({ cells }) => cells[0]);
const everything = Array.from({ length: rows }, (_, index) => index);

await t.test('a range of more files than a query may read is read in parts, in order, each row once', async (t) => {
  const { store, peer } = await openStore(t, 100);
  const query = { columns, series: {}, from: 0n, to: start + BigInt(rows) * hour };
  t.same(valuesOf(await collect(store.reader.scan({ ...query, order: 'asc' }))), everything);
  t.same(valuesOf(await collect(store.reader.scan({ ...query, order: 'desc' }))), everything.toReversed());
  given = 0;
  t.same(valuesOf(await collect(store.reader.scan({ ...query, order: 'asc', limit: 150 }))), everything.slice(0, 150));
  t.equal(given, 151, 'no more than the limit, and the last time once more');
  t.ok(peer.asked.length < 150, `${peer.asked.length} requests`);
});

await t.test('so are aggregates, by fewer buckets, and by rows where one bucket is too much', async (t) => {
  const { store } = await openStore(t, 100);
  const group = { device: true, type: true, tags: 'all' as const };
  const cells = [{ field: 'value', fn: 'mean' as const }];
  const end = start + BigInt(rows) * hour;
  const one = await collect(store.reader.aggregate({ columns, series: {}, edges: [start, end], group, cells }));
  t.match(one, [{ bucket: 0, device: 'a', cells: [199.5] }]);
  const edges = [start, start + 50n * hour, start + 300n * hour, end];
  const several = await collect(store.reader.aggregate({ columns, series: {}, edges, group, cells }));
  t.same(
    several.map((row) => [row.bucket, row.cells[0]]),
    [
      [0, 24.5],
      [1, 174.5],
      [2, 349.5],
    ],
  );
});

await t.test('the newest values are those of the latest part', async (t) => {
  const { store } = await openStore(t, 100);
  const ts = start + BigInt(rows - 1) * hour;
  const fields = [{ name: 'value', kind: 'float', value: rows - 1, ts }];
  t.same(await collect(store.reader.newest()), [{ type: 'machine', device: 'a', tags: {}, fields }]);
});

await t.test('a server that allows nothing is away, and says why', async (t) => {
  const { store } = await openStore(t, 0);
  const query = { columns, series: {}, from: start, to: start + hour, order: 'asc' as const };
  await t.rejects(collect(store.reader.scan(query)), { name: 'StoreAway', message: /file limit of 432/ });
});
