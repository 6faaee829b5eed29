import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import t, { type Test } from 'tap';
import { overBothStores } from '../servers/both-stores.js';
import type { InletProcess } from '../servers/inlet.js';
import { fill, hour, start } from './history-filling.js';
import { isRefused } from './http/answers.js';

const range = `${hour}&devices=d*`;
const text = 'two\n"lines", and = 1';
const readings = Array.from({ length: 20 }, (_, index) => ({
  device: `d${index % 2}`,
  type: index % 4 === 0 ? 'meter' : 'machine',
  ts: `${start + index}123456`,
  precision: 'ns',
  tags: index % 3 === 0 ? {} : { site: 'a,"b"' },
  fields: { value: index / 3, ...(index % 2 === 0 ? { state: text, running: true } : {}) },
}));

interface Page {
  columns: string[];
  rows: (string | number | boolean | null)[][];
}

function getHistory(service: InletProcess, query: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${service.url}/v1/history?${query}`, { headers });
}

/** What is in a Parquet file, with times as digits. */
async function readParquet(t: Test, bytes: ArrayBuffer) {
  const file = path.join(t.testdir({}), 'table.parquet');
  await writeFile(file, new Uint8Array(bytes));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const described = await connection.runAndReadAll(`DESCRIBE FROM '${file}'`);
  const rows = await connection.runAndReadAll(`SELECT epoch_ns(ts)::VARCHAR, * EXCLUDE ts FROM '${file}'`);
  connection.closeSync();
  instance.closeSync();
  return {
    types: described.getRows().map(([name, type]) => `${String(name)} ${String(type)}`),
    rows: rows.getRowsJson(),
  };
}

/** Both stores start and are filled, which takes its time on a busy machine. */

await overBothStores(t, 'Formats of history', async (t, { service, influxd }) => {
  await service.send(...readings);
  await service.settled();
  const page = await service.getJson<Page>(`/v1/history?${range}&precision=ns`);
  t.equal(page.rows.length, readings.length);

  await t.test('NDJSON has an object for each row, with what it has', async (t) => {
    const response = await getHistory(service, `${range}&precision=ns`, { accept: 'application/x-ndjson' });
    t.equal(response.headers.get('content-type'), 'application/x-ndjson');
    const lines = (await response.text()).trimEnd().split('\n');
    const expected = page.rows.map((row) =>
      Object.fromEntries(page.columns.map((name, at) => [name, row[at]]).filter(([, cell]) => cell !== null)),
    );
    t.same(
      lines.map((line) => JSON.parse(line) as unknown),
      expected,
    );
  });

  await t.test('CSV has the same columns and rows, quoted by RFC 4180', async (t) => {
    const response = await getHistory(service, `${range}&precision=ns&format=csv`);
    t.match(response.headers.get('content-type'), /^text\/csv; charset=utf-8/);
    t.match(
      response.headers.get('content-disposition'),
      /^attachment; filename="history-20231114T221320Z-20231114T231320Z\.csv"$/,
    );
    const quoted = (cell: Page['rows'][number][number]) =>
      cell === null ? '' : /[",\n]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : String(cell);
    const expected = [page.columns, ...page.rows].map((row) => `${row.map(quoted).join(',')}\r\n`);
    t.equal(await response.text(), expected.join(''));
  });

  await t.test('Parquet keeps kinds and nanoseconds', async (t) => {
    const response = await getHistory(service, `${range}&format=parquet`);
    const bytes = await response.arrayBuffer();
    t.equal(Number(response.headers.get('content-length')), bytes.byteLength);
    const { types, rows } = await readParquet(t, bytes);
    t.same(types, [
      'ts TIMESTAMP_NS',
      'device VARCHAR',
      'type VARCHAR',
      'tag.site VARCHAR',
      ...page.columns
        .slice(4)
        .map((name) => `${name} ${{ value: 'DOUBLE', state: 'VARCHAR', running: 'BOOLEAN' }[name]}`),
    ]);
    t.same(rows, page.rows);
  });

  await t.test('buckets come in every form too', async (t) => {
    const query = `${range}&every=10m&fn=mean,count,last&group=device`;
    const json = await service.getJson<Page>(`/v1/history?${query}`);
    const csv = await (await getHistory(service, `${query}&format=csv`)).text();
    t.equal(csv.split('\r\n').length, json.rows.length + 2);
    t.equal(csv.split('\r\n')[0], json.columns.join(','));
    const { types } = await readParquet(t, await (await getHistory(service, `${query}&format=parquet`)).arrayBuffer());
    t.ok(types.includes('value_mean DOUBLE') && types.includes('value_count BIGINT'), types.join());
  });

  await t.test('a limit that is given is kept, and a cursor goes on', async (t) => {
    const first = await service.getJson<Page & { next: string }>(`/v1/history?${range}&limit=15`);
    const rest = await getHistory(service, `${range}&format=ndjson&cursor=${first.next}`);
    t.equal((await rest.text()).trimEnd().split('\n').length, 5);
    const few = await getHistory(service, `${range}&format=csv&limit=3`);
    t.equal((await few.text()).match(/\r\n/g)?.length, 4);
  });

  await fill(service, 60_000);
  const bulk = `${hour}&devices=bulk-*`;

  await t.test('without a limit everything comes, in order and once', async (t) => {
    const body = await (await getHistory(service, `${bulk}&format=ndjson`)).text();
    const values = body
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { value: number }).value);
    t.equal(values.length, 60_000);
    t.ok(values.every((value, index) => value === index));
    const { rows } = await readParquet(t, await (await getHistory(service, `${bulk}&format=parquet`)).arrayBuffer());
    t.equal(rows.length, 60_000);
  });

  await t.test('clients that go away leave nothing behind', async (t) => {
    for (let round = 0; round < 40; round++) {
      const abort = new AbortController();
      const format = ['ndjson', 'csv', 'parquet'][round % 3];
      const asked = fetch(`${service.url}/v1/history?${bulk}&format=${format}`, { signal: abort.signal });
      await delay(round % 5);
      abort.abort();
      await asked.then((response) => response.body?.cancel()).catch(() => undefined);
    }
    for (let wait = 0; wait < 100 && (await exportsOf(service)).length > 0; wait++) await delay(50);
    t.same(await exportsOf(service), [], 'no file');
    const response = await getHistory(service, `${bulk}&format=csv&limit=5`);
    t.equal(response.status, 200, 'and exports go on');
  });

  if (influxd) await storeThatFails(t, { service, influxd, bulk });
});

async function exportsOf(service: InletProcess): Promise<string[]> {
  return readdir(path.join(service.dataDirectory, 'exports'));
}

async function storeThatFails(
  t: Test,
  {
    service,
    influxd,
    bulk,
  }: { service: InletProcess; influxd: { kill(): Promise<void>; restart(): Promise<void> }; bulk: string },
): Promise<void> {
  await t.test(
    'a store that fails in the middle ends the answer in the middle, never as if it were whole',
    async (t) => {
      for (const format of ['ndjson', 'csv']) {
        const response = await getHistory(service, `${bulk}&format=${format}`);
        t.equal(response.status, 200);
        const reader = response.body!.getReader();
        await reader.read();
        await influxd.kill();
        await t.rejects(async () => {
          for (;;) if ((await reader.read()).done) return;
        }, format);
        await isRefused(t, await getHistory(service, `${bulk}&format=${format}`), 503, 'store_away');
        await isRefused(t, await getHistory(service, `${bulk}&format=parquet`), 503, 'store_away');
        await influxd.restart();
        await service.settled();
      }
      t.same(await exportsOf(service), []);
    },
  );
}
