import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import t, { type Test } from 'tap';
import type { Cell } from '../../src/ports/history-store.js';
import type { ParquetColumn } from '../../src/ports/parquet.js';
import { DuckDbParquetWriter } from '../../src/stores/duckdb/parquet-writer.js';
import { steppedBack } from './stepped-back.js';

const never = new AbortController().signal;

async function openWriter(t: Test) {
  const directory = path.join(t.testdir({}), 'exports');
  const writer = new DuckDbParquetWriter({ directory, maxMemoryBytes: 128 * 2 ** 20 });
  await writer.start();
  t.teardown(() => writer.stop());
  return { writer, directory };
}

async function* inChunks(...chunks: Cell[][][]): AsyncGenerator<Cell[][]> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

async function readBack(file: string, sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql.replace('FILE', `'${file}'`))).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

async function save(t: Test, bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const file = path.join(t.testdirName, 'copy.parquet');
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  writeFileSync(file, Buffer.concat(parts));
  return file;
}

await t.test('every kind comes back as it was, under any name', async (t) => {
  const { writer, directory } = await openWriter(t);
  const columns: ParquetColumn[] = [
    { name: 'ts', kind: 'time' },
    { name: 'a "quoted" name; DROP', kind: 'integer' },
    { name: 'Case', kind: 'float' },
    { name: 'case', kind: 'boolean' },
    { name: 'tag.site', kind: 'string' },
  ];
  const rows: Cell[][] = [
    [1_700_000_000_123_456_789n, 1n],
    [2n ** 63n - 1n, null],
    [0.1, 5e-324],
    [null, true],
    ['two\nlines "and" 😀', ''],
  ];
  const file = await writer.write({ columns, chunks: inChunks(rows) }, never);
  const copy = await save(t, file.bytes());
  t.same(await readBack(copy, `SELECT epoch_ns(ts)::VARCHAR, * EXCLUDE ts FROM FILE`), [
    ['1700000000123456789', '9223372036854775807', 0.1, null, 'two\nlines "and" 😀'],
    ['1', null, 5e-324, true, ''],
  ]);
  await file.discard();
  t.same(readdirSync(directory), []);
});

// Other systems have no priorities of threads.
if (process.platform === 'linux') {
  await t.test('its thread lets others go first', async (t) => {
    const { writer } = await openWriter(t);
    let threads = 0;
    async function* two(): AsyncGenerator<Cell[][]> {
      yield await Promise.resolve([[1n]]);
      threads = steppedBack().length;
      yield [[2n]];
    }
    const before = steppedBack().length;
    const file = await writer.write({ columns: [{ name: 'ts', kind: 'time' }], chunks: two() }, never);
    t.equal(threads, before + 1);
    await file.discard();
  });
}

await t.test('a table that is larger than the memory it may use', async (t) => {
  const { writer } = await openWriter(t);
  const columns: ParquetColumn[] = [{ name: 'ts', kind: 'time' }, ...texts(8)];
  const rows = 5000;
  async function* many(): AsyncGenerator<Cell[][]> {
    for (let chunk = 0; chunk < 60; chunk++) {
      const text = (column: number) =>
        Array.from({ length: rows }, (_, row) => `${chunk} ${row} ${column}`.padEnd(60, '·'));
      yield await Promise.resolve([
        Array.from({ length: rows }, (_, row) => BigInt(chunk * rows + row)),
        ...texts(8).map((_, at) => text(at)),
      ]);
    }
  }
  const file = await writer.write({ columns, chunks: many() }, never);
  const copy = await save(t, file.bytes());
  t.same(
    await readBack(
      copy,
      'SELECT count(*)::INTEGER, count(DISTINCT ts)::INTEGER, count(DISTINCT c7)::INTEGER FROM FILE',
    ),
    [[60 * rows, 60 * rows, 60 * rows]],
  );
  await file.discard();
});

function texts(count: number): ParquetColumn[] {
  return Array.from({ length: count }, (_, index) => ({ name: `c${index}`, kind: 'string' as const }));
}

await t.test('who gives up, and rows that fail, leave no file behind', async (t) => {
  const { writer, directory } = await openWriter(t);
  const columns: ParquetColumn[] = [{ name: 'ts', kind: 'time' }];
  const abort = new AbortController();
  async function* endless(): AsyncGenerator<Cell[][]> {
    for (let count = 0; ; count++) {
      if (count === 3) abort.abort(new Error('the client went away'));
      yield await Promise.resolve([[1n]]);
    }
  }
  await t.rejects(writer.write({ columns, chunks: endless() }, abort.signal), /the client went away/);
  async function* failing(): AsyncGenerator<Cell[][]> {
    yield [[1n]];
    throw await Promise.resolve(new Error('the store is away'));
  }
  await t.rejects(writer.write({ columns, chunks: failing() }, never), /the store is away/);
  t.same(readdirSync(directory), []);
});

await t.test('what an earlier process left is removed at the start', async (t) => {
  const directory = path.join(t.testdir({}), 'exports');
  mkdirSync(path.join(directory, 'export-old'), { recursive: true });
  const writer = new DuckDbParquetWriter({ directory });
  await writer.start();
  t.same(readdirSync(directory), []);
  await writer.stop();
  t.notOk(existsSync(directory));
});
