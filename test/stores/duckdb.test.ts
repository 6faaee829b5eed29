import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { collectGarbage } from '../../bench/garbage.js';
import type { Kind } from '../../src/domain/reading.js';
import type { DeliveryState, HistoryReader, ScanQuery, WriteBatch } from '../../src/ports/history-store.js';
import { Catalog } from '../../src/stores/duckdb/catalog.js';
import { Database } from '../../src/stores/duckdb/database.js';
import { mergeLate } from '../../src/stores/duckdb/merge-late.js';
import { DuckDbStore } from '../../src/stores/duckdb/store.js';
import { ParsedBatch } from '../../src/stores/duckdb/parsed-batch.js';
import { Haste, Rests } from '../../src/stores/duckdb/rests.js';
import { writeBatch } from '../../src/stores/duckdb/write.js';
import { feedAnswer, feedBatch, feedColumns, feedState } from './duckdb-feed.js';
import { steppedBack } from './stepped-back.js';

const everything = { columns: feedColumns, series: {}, from: 0n, to: 2n ** 62n, order: 'asc' as const };
const feeder = fileURLToPath(new URL('./duckdb-feeder.js', import.meta.url));

async function open(t: Test, directory: string): Promise<DuckDbStore> {
  const store = new DuckDbStore({ directory });
  await store.start();
  t.teardown(() => store.stop());
  return store;
}

async function answerOf(reader: HistoryReader): Promise<Map<string, number>> {
  const answer = new Map<string, number>();
  for await (const rows of reader.scan(everything)) {
    for (const { series, ts, cells } of rows) {
      const key = `${series} ${ts}`;
      if (answer.has(key)) throw new Error(`${key} came twice`);
      answer.set(key, Number(cells[0]));
    }
  }
  return answer;
}

function batchOf(lines: string[], position = 0): WriteBatch {
  const payload = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  return { payload, runs: [{ position, count: lines.length }], count: lines.length };
}

/** Starts a feeder; it has the file open and has confirmed `positions` when this returns. */
async function startFeeder(directory: string, positions: number) {
  const child = spawn(process.execPath, [feeder, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  let confirmed = 0;
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== 'open') confirmed = Number(line);
    if (lines++ >= positions) break;
  }
  return { child, confirmed };
}

await t.test(
  'kill -9 at any moment: nothing confirmed is lost, nothing is doubled, the state fits the rows',
  async (t) => {
    const directory = t.testdir();
    for (let round = 0; round < 6; round++) {
      const { child, confirmed } = await startFeeder(directory, round * 3);
      await delay(round * 7);
      child.kill('SIGKILL');
      await once(child, 'exit');

      const store = await open(t, directory);
      const state = await store.deliveryState();
      const low = state?.low ?? 0;
      t.ok(low >= confirmed, `round ${round}: ${low} readings are there, ${confirmed} were confirmed`);
      t.same(state ?? feedState(0), feedState(low));
      t.same(await answerOf(store), feedAnswer(low), 'exactly these');
      const again = Math.max(0, low - 700);
      t.same(await store.write(feedBatch(again, 1000), feedState(again + 1000)), { outcome: 'stored' });
      t.same(await answerOf(store), feedAnswer(again + 1000), 'also when some are delivered again');
      await store.stop();
    }
  },
);

await t.test('old positions that are delivered again, after a backup was restored say, change no answer', async (t) => {
  const store = await open(t, t.testdir());
  await store.write(feedBatch(0, 3000), feedState(3000));
  for (const position of [0, 500, 2000]) await store.write(feedBatch(position, 1000), feedState(3000));
  t.same(await answerOf(store), feedAnswer(3000));
});

await t.test('values of all kinds come back as they were, wherever some are missing and rows are late', async (t) => {
  const values: Record<string, (row: number) => string> = {
    float: (row) => [String(row / 8), '-0.1', '1e+300', '5e-324'][row % 4]!,
    integer: (row) => [`${row}i`, '-1i', '9223372036854775807i', '-9223372036854775808i', '-4294967297i'][row % 5]!,
    boolean: (row) => String(row % 3 === 0),
    string: (row) => (row % 2 === 0 ? '"ü"' : `"a text of ${row}"`),
  };
  const kinds = Object.keys(values);
  // Sixteen patterns of which are there; where none is, one is there that the columns asked for leave out.
  const has = (row: number, kind: number) => ((row * 7) >> kind) % 2 === 1;
  const rows = Array.from({ length: 7000 }, (_, row) => row);
  const timeOf = (row: number) => 1_700_000_000_000_000_000n + BigInt(row % 5 === 4 ? row - 2000 : row) * 10n;
  const lineOf = (row: number) => {
    const fields = kinds.filter((_, kind) => has(row, kind)).map((kind) => `${kind}=${values[kind]!(row)}`);
    return `machine,device=a ${['other=1', ...fields].join(',')} ${timeOf(row)}`;
  };
  const store = await open(t, t.testdir());
  const written = [rows.slice(0, 3), rows.slice(3, 6500), rows.slice(6500)];
  for (const some of written) {
    const answer = await store.write(batchOf(some.map(lineOf), some[0]), feedState(some.at(-1)! + 1));
    t.same(answer, { outcome: 'stored' });
  }

  const fields = kinds.map((name) => ({ name, kind: name as Kind }));
  const found = new Map<bigint, unknown[]>();
  for await (const some of store.scan({ ...everything, columns: [{ type: 'machine', fields }] })) {
    for (const { ts, cells } of some) found.set(ts, cells.map(String));
  }
  const plain = (text: string) => text.replace(/^"|"$|i$/g, '');
  const cellsOf = (row: number) => kinds.map((kind, index) => (has(row, index) ? plain(values[kind]!(row)) : 'null'));
  // Of two with one time the later one is there, and a row with none of the fields is no answer.
  const expected = new Map(rows.map((row) => [timeOf(row), cellsOf(row)]));
  for (const [ts, cells] of expected) if (cells.every((cell) => cell === 'null')) expected.delete(ts);
  t.equal(found.size, expected.size);
  const wrong = [...expected].filter(([ts, cells]) => cells.join() !== found.get(ts)?.join()).slice(0, 3);
  t.same(wrong, [], 'the others', { found: wrong.map(([ts]) => found.get(ts)) });
});

await t.test('rests are left out only where large batches follow each other for long', async (t) => {
  const haste = new Haste();
  const large = 5 * 1024 * 1024;
  const areDue = (bytes: number) => haste.restsFor(bytes).areDue;
  t.same([1000, large, large, large, large].map(areDue), [true, true, true, true, true]);
  t.same([large, large, large].map(areDue), [false, false, false]);
  t.same([1000, large, large].map(areDue), [false, false, false], 'not because a segment ends');
  t.same([1000, 1000].map(areDue), [false, true]);
  t.same([large, 1000, large, 1000].map(areDue), [true, true, true, true], 'where fresh ones take turns with old ones');
});

await t.test('of payloads nothing is kept in memory but the names that were new', async (t) => {
  const database = await Database.open({ directory: t.testdir() });
  const catalog = await Catalog.load(database.writer);
  let position = 0;
  let bytes = 0;
  const write = async (rows: number) => {
    const lines = Array.from({ length: rows }, (_, row) => {
      const device = row === rows / 2 ? `a-device-that-is-new-at-${position}` : 'the-same-device';
      return `machine,device=${device} state="a text of row ${row}" ${1_700_000_000_000_000_000n + BigInt(position + row)}`;
    });
    const batch = batchOf(lines, position);
    position += rows;
    bytes += batch.payload.length;
    await writeBatch(database.writer, catalog, new ParsedBatch(catalog, batch, new Rests(false)), feedState(position));
  };
  await write(100);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  await write(100_000);
  for (let payload = 0; payload < 200; payload++) await write(8000);
  collectGarbage();
  const growth = process.memoryUsage().heapUsed - before;
  t.ok(growth < 6 * 1024 * 1024, 'less than the text of the first or of the pieces that each name came in', {
    growth,
    bytes,
  });
  await database.close();
});

await t.test('merging late readings changes no answer', async (t) => {
  const directory = t.testdir();
  const store = await open(t, directory);
  for (let position = 0; position < 5000; position += 500) {
    await store.write(feedBatch(position, 500), feedState(position + 500));
  }
  await store.stop();

  const database = await Database.open({ directory });
  const catalog = await Catalog.load(database.writer);
  const table = catalog.tables.get('machine')!;
  t.ok(table.lateRows > 500, `${table.lateRows} late rows before`);
  await mergeLate(database.writer, table);
  t.equal(table.lateRows, 0, 'none after');
  const left = await database.writer.runAndReadAll(`SELECT count(*) FROM ${table.main}`);
  t.equal(Number(left.getRows()[0]?.[0]), feedAnswer(5000).size, 'one row for each identity');
  await database.close();

  const again = await open(t, directory);
  t.same(await answerOf(again), feedAnswer(5000));
  await again.write(feedBatch(1000, 3000), feedState(5000));
  t.same(await answerOf(again), feedAnswer(5000), 'also when merged readings are delivered again');
});

await t.test('what was accepted before a position that is held stays apart from what came again', async (t) => {
  const line = (device: string, fields: string) => `machine,device=${device} ${fields} 1700000000000000000`;
  const batches = [
    batchOf([line('a', 'a=1,b=2'), line('b', 'a=1')]),
    batchOf([line('b', 'a=2')], 2),
    // From here on it is later than what is held.
    batchOf([line('a', 'a=3')], 3),
  ];
  const held = 3;
  const columns = ['a', 'b'].map((name) => ({ name, kind: 'float' as const }));
  const before: ScanQuery = { ...everything, columns: [{ type: 'machine', fields: columns }], before: held };
  const mergedWith = async (heldFrom: number | undefined): Promise<[lateRows: number, rows: unknown[]]> => {
    const path = t.testdir({});
    const database = await Database.open({ directory: path });
    const catalog = await Catalog.load(database.writer);
    for (const [index, batch] of batches.entries())
      await writeBatch(
        database.writer,
        catalog,
        new ParsedBatch(catalog, batch, new Rests(false)),
        feedState(index + 2),
      );
    const table = catalog.tables.get('machine')!;
    t.equal(table.lateRows, 2);
    await mergeLate(database.writer, table, heldFrom);
    await database.close();
    const store = await open(t, path);
    const rows: unknown[] = [];
    for await (const chunk of store.scan(before)) rows.push(...chunk.map(({ device, cells }) => [device, ...cells]));
    await store.stop();
    return [table.lateRows, rows];
  };
  const all = [
    ['a', 1, 2],
    ['b', 2, null],
  ];
  t.same(await mergedWith(held), [1, all], 'one of them is merged, and the other left');
  t.same(await mergedWith(undefined), [0, all.slice(1)], 'else it would be hidden');
});

await t.test('many late readings are merged while the store runs', async (t) => {
  const directory = t.testdir();
  const store = await open(t, directory);
  const line = (index: number, value: number) =>
    `machine,device=a value=${value} ${1_700_000_000_000_000_000n + BigInt(index)}`;
  const count = 110_000;
  await store.write(batchOf([line(count, 1)]), feedState(1));
  const late = Array.from({ length: count }, (_, index) => line(index, index));
  await store.write(batchOf(late, 1), feedState(count + 1));
  await store.write(batchOf([line(5, -5)], count + 1), feedState(count + 2));
  const answer = await answerOf(store);
  t.equal(answer.size, count + 1);
  t.equal(answer.get('machine,device=a 1700000000000000005'), -5);
  await store.stop();
  const database = await Database.open({ directory });
  const catalog = await Catalog.load(database.writer);
  t.ok(catalog.tables.get('machine')!.lateRows <= 1, 'only what came after the merge is left');
  await database.close();
});

await t.test('a backlog behind fresh readings need not be merged, and each row is there once', async (t) => {
  const directory = t.testdir();
  // Without the store around it, which would merge late rows at times.
  const database = await Database.open({ directory });
  let catalog = await Catalog.load(database.writer);
  const batch = (from: number, to: number) =>
    batchOf(
      Array.from({ length: to - from }, (_, index) => {
        const position = from + index;
        return `machine,device=d${position % 3} value=${position} ${1_700_000_000_000_000_000n + BigInt(position)}`;
      }),
      from,
    );
  const state = (low: number, ...ranges: [number, number][]): DeliveryState => {
    return { low, ranges, stored: 0, quarantined: 0 };
  };
  const restart = async () => {
    catalog = await Catalog.load(database.writer);
  };
  const write = async (rows: WriteBatch, after: DeliveryState) =>
    writeBatch(database.writer, catalog, new ParsedBatch(catalog, rows, new Rests(false)), after);
  await write(batch(0, 100), state(100));
  await write(batch(3000, 3100), state(100, [3000, 3100]));
  await write(batch(100, 500), state(500, [3000, 3100]));
  await write(batch(3100, 3200), state(500, [3000, 3200]));
  await restart();
  await write(batch(500, 1000), state(1000, [3000, 3200]));
  await write(batch(5000, 5001), state(1000, [3000, 3200], [5000, 5001]));
  await restart();
  await write(batch(5001, 5100), state(1000, [3000, 3200], [5000, 5100]));
  await write(batch(900, 3000), state(3000, [3000, 3200], [5000, 5100]));
  await write(batch(3200, 4000), state(4000, [5000, 5100]));
  await write(batch(5000, 5050), state(4000, [5000, 5100]));
  await write(batch(4000, 5000), state(5100));
  await write(batch(5100, 5200), state(5200));
  const { main, lateRows } = catalog.tables.get('machine')!;
  t.equal(lateRows, 150, 'late is only what was written again');
  const counts = await database.writer.runAndReadAll(`SELECT count(*), count(DISTINCT (series, ts)) FROM ${main}`);
  t.same(counts.getRows()[0], [5200n, 5200n]);
  await database.close();
  const answer = await answerOf(await open(t, directory));
  t.equal(answer.size, 5200);
  t.ok([...answer].every(([key, value]) => key.endsWith(String(value).padStart(6, '0'))));
});

await t.test('an answer of any length comes in order, each row once', async (t) => {
  const store = await open(t, t.testdir());
  // A burst within one millisecond, a long gap, an even stretch: no even cut would fit.
  const times = Array.from({ length: 250_000 }, (_, index) => (index < 150_000 ? index : index * 1_000_000_000 + 1e15));
  for (let from = 0; from < times.length; from += 50_000) {
    const lines = times.slice(from, from + 50_000).map((offset, index) => {
      const ts = 1_700_000_000_000_000_000n + BigInt(offset);
      return `machine,device=d${index % 3} value=${from + index} ${ts}`;
    });
    await store.write(batchOf(lines, from), feedState(from + 50_000));
  }
  for (const order of ['asc', 'desc'] as const) {
    let next = order === 'asc' ? 0 : times.length - 1;
    let isRight = true;
    for await (const rows of store.scan({ ...everything, order })) {
      for (const { cells } of rows) {
        isRight &&= cells[0] === next;
        next += order === 'asc' ? 1 : -1;
      }
    }
    t.ok(isRight, order);
    t.equal(next, order === 'asc' ? times.length : -1, 'all of them');
  }
});

await t.test('retention deletes what is older, late or not, and nothing else', async (t) => {
  const store = await open(t, t.testdir());
  await store.write(feedBatch(0, 2000), feedState(2000));
  await store.retain(1_700_000_001_000);
  const kept = [...feedAnswer(2000)].filter(([key]) => BigInt(key.split(' ')[1]!) >= 1_700_000_001_000_000_000n);
  t.same(await answerOf(store), new Map(kept));
});

await t.test('a value of another kind is refused alone, and the state waits until it is safe elsewhere', async (t) => {
  const directory = t.testdir();
  const store = await open(t, directory);
  await store.write(batchOf(['machine,device=a value=1 1700000000000000000']), feedState(1));
  const mixed = batchOf(
    [
      'machine,device=a value="x" 1700000000000000001',
      'machine,device=a value=2 1700000000000000002',
      'machine,device=a value=3i 1700000000000000003',
      'machine,device=a large=9223372036854775808i 1700000000000000004',
    ],
    1,
  );
  t.match(await store.write(mixed, feedState(5)), {
    outcome: 'partial',
    refused: [
      { index: 0, reason: 'field "value" is float, not string' },
      { index: 2, reason: 'field "value" is float, not integer' },
      { index: 3, reason: 'field "large" is beyond 64 bits' },
    ],
  });
  t.equal((await answerOf(store)).size, 2, 'the good one is there');
  await store.stop();
  await store.start();
  t.same(await store.deliveryState(), feedState(1), 'a crash now brings the whole batch again');
  const state: DeliveryState = { low: 5, ranges: [], stored: 2, quarantined: 3 };
  t.same(await store.write({ payload: new Uint8Array(), runs: [], count: 0 }, state), { outcome: 'stored' });
  t.same(await store.deliveryState(), state);
});

await t.test('a damaged batch is refused as a whole and leaves nothing behind', async (t) => {
  const store = await open(t, t.testdir());
  for (const payload of [
    'machine,device=a value=1 1700000000000000000\nmachine,devi',
    'machine,device=a value=1 1700000000000000000\n',
  ]) {
    const batch = { payload: Buffer.from(payload), runs: [{ position: 0, count: 2 }], count: 2 };
    t.match(await store.write(batch, feedState(2)), { outcome: 'permanent', reason: String });
  }
  t.same(await answerOf(store), new Map());
  t.same(await store.write(feedBatch(0, 100), feedState(100)), { outcome: 'stored' });
  t.same(await answerOf(store), feedAnswer(100));
});

await t.test('a second process is told who has the file', async (t) => {
  const directory = t.testdir();
  const { child } = await startFeeder(directory, 0);
  const second = new DuckDbStore({ directory });
  await t.rejects(second.start(), { message: new RegExp(`another process \\(PID ${child.pid}\\) has it open`) });
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.match(await second.write(feedBatch(0, 1), feedState(1)), { outcome: /stored/ }, 'it tries again by itself');
  await second.stop();
});

await t.test('a file of a newer release, and one that is not ours, is left alone', async (t) => {
  const directory = t.testdir();
  const database = await Database.open({ directory });
  await database.writer.run('UPDATE inlet SET version = 2');
  await database.close();
  await t.rejects(new DuckDbStore({ directory }).start(), /layout is version 2.*newer release/);

  const foreign = t.testdir({
    'history.duckdb': 'these are not the bytes of a database, but they are quite a few of them'.repeat(99),
  });
  await t.rejects(new DuckDbStore({ directory: foreign }).start(), /cannot open .*history\.duckdb/);
});

// Other systems have no priorities of threads.
if (process.platform === 'linux') {
  await t.test('the worker lets other threads go first', async (t) => {
    const before = steppedBack().length;
    const store = new DuckDbStore({ directory: t.testdir() });
    await store.start();
    t.teardown(() => store.stop());
    // DuckDB has a thread for each core but one, beside those that ask it.
    t.equal(steppedBack().length, before + availableParallelism());
  });
}

await t.test('the log is brought into the file before a commit has to do it, also while somebody reads', async (t) => {
  const directory = t.testdir();
  const longestLogBytes = 512 * 1024;
  const earlyBytes = 0.75 * longestLogBytes;
  const batchReadings = 4000;
  const batches = 20;
  const store = new DuckDbStore({ directory, longestLogBytes });
  await store.start();
  t.teardown(() => store.stop());
  const lengths: number[] = [];
  let reading: AsyncIterator<unknown> | undefined;
  for (let batch = 0; batch < batches; batch++) {
    const position = batch * batchReadings;
    await store.write(feedBatch(position, batchReadings), feedState(position + batchReadings));
    // Behind the checkpoint, if there was one.
    await store.deliveryState();
    lengths.push(statSync(path.join(directory, 'history.duckdb.wal'), { throwIfNoEntry: false })?.size ?? 0);
    if (batch === batches / 2) {
      reading = store.scan(everything)[Symbol.asyncIterator]();
      await reading.next();
    }
  }
  await reading?.return?.();
  t.ok(Math.max(...lengths) < earlyBytes, `lengths of the log: ${lengths.join(' ')}`);
  t.ok(Math.max(...lengths) > 0, 'there is a log');
  t.same(await answerOf(store), feedAnswer(batches * batchReadings));
});

await t.test('when the worker dies, a new one takes over', async (t) => {
  const workers = new Set<Worker>();
  const { prototype } = Worker;
  const postMessage = Reflect.get(prototype, 'postMessage');
  t.teardown(() => Object.assign(prototype, { postMessage }));
  // There is no other way to get hold of the thread.
  prototype.postMessage = function (...args) {
    workers.add(this);
    Reflect.apply(postMessage, this, args);
  };
  const store = await open(t, t.testdir());
  await store.write(feedBatch(0, 1000), feedState(1000));
  const [worker] = workers;
  const exited = once(worker!, 'exit');
  // Nothing that it understands.
  Reflect.apply(postMessage, worker, [null]);
  const prepared = feedBatch(1000, 1000);
  store.prepare(prepared);
  const meanwhile = await store.write(prepared, feedState(2000));
  t.match(meanwhile.outcome, /^(stored|temporary)$/);
  await exited;
  t.same(await store.write(prepared, feedState(2000)), { outcome: 'stored' });
  t.same(await answerOf(store), feedAnswer(2000));
  t.equal(workers.size, 2);
});

await t.test('a batch is as it was after it was written, and may be written again', async (t) => {
  const store = await open(t, t.testdir());
  const batch = batchOf(['machine,device=a value=1 1700000000000000000']);
  batch.payload = Uint8Array.from(batch.payload);
  await store.write(batch, feedState(1));
  t.ok(batch.payload.byteLength > 0);
  t.same(await store.write(batch, feedState(1)), { outcome: 'stored' });
});
