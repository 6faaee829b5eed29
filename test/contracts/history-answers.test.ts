import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import type { HistoryReader, HistoryStore, ScanRow } from '../../src/ports/history-store.js';
import { DuckDbStore } from '../../src/stores/duckdb/store.js';
import { InfluxStore } from '../../src/stores/influxdb/store.js';
import { Influxd, influxdIsMissing } from '../servers/influxd.js';
import { differencesOf, putReadings } from './history-answers.js';

/** Some hundred questions, each answered three times over, on a machine that may be slow. */

async function holdToContract(t: Test, store: HistoryStore): Promise<void> {
  t.teardown(() => store.stop());
  await store.start();
  await putReadings(store);
  await t.test(`every question is answered as the definitions say`, async (t) => {
    t.same(await differencesOf(store.reader), []);
  });
  for (const [flaw, reader] of Object.entries(flawed(store.reader))) {
    await t.test(`it would be seen if it ${flaw}`, async (t) => {
      const differences = await differencesOf(reader, 1);
      t.equal(differences.length, 1);
      t.comment(differences[0]?.slice(0, 200));
    });
  }
}

/** The same reader with one thing wrong. */
function flawed(reader: HistoryReader): Record<string, HistoryReader> {
  const changed = (change: (row: ScanRow) => ScanRow | undefined): HistoryReader => ({
    knowsPositions: reader.knowsPositions,
    hold: (position) => reader.hold(position),
    kinds: () => reader.kinds(),
    aggregate: (query) => reader.aggregate(query),
    newest: () => reader.newest(),
    async *scan(query) {
      for await (const rows of reader.scan(query)) yield rows.flatMap((row) => change(row) ?? []);
    },
  });
  const cells = (change: (cell: ScanRow['cells'][number]) => ScanRow['cells'][number]) =>
    changed((row) => ({ ...row, cells: row.cells.map(change) }));
  const plain = changed((row) => row);
  return {
    'cut nanoseconds off': changed((row) => ({ ...row, ts: row.ts - (row.ts % 1000n) })),
    'rounded long integers': cells((cell) => (typeof cell === 'bigint' ? Number(cell) : cell)),
    'lost the line breaks of a text': cells((cell) => (typeof cell === 'string' ? cell.replace('\n', ' ') : cell)),
    'took true for 1': cells((cell) => (typeof cell === 'boolean' ? Number(cell) : cell)),
    'lost one series': changed((row) => (row.tags['note'] === 'C:\\' ? undefined : row)),
    'put the last bucket one further': {
      ...plain,
      async *aggregate(query) {
        const last = query.edges.length - 2;
        for await (const rows of reader.aggregate(query)) {
          yield rows.map((row) => (row.bucket === last - 1 ? { ...row, bucket: last } : row));
        }
      },
    },
    'was a little off where it joins types': {
      ...plain,
      async *aggregate(query) {
        for await (const rows of reader.aggregate(query)) {
          yield rows.map((row) => {
            const cells = row.cells.map((cell, at) =>
              query.cells[at]!.fn === 'mean' && row.type === null && typeof cell === 'number' ? cell * 1.0001 : cell,
            );
            return { ...row, cells };
          });
        }
      },
    },
  };
}

await t.test('DuckDB', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'inlet-answers-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  await holdToContract(t, new DuckDbStore({ directory }));
});

if (!influxdIsMissing('The contract of history over InfluxDB')) {
  await t.test('InfluxDB', async (t) => {
    const influxd = await new Influxd().start();
    t.teardown(() => influxd.stop());
    await holdToContract(t, new InfluxStore({ url: influxd.url, database: 'answers', timeoutMs: 30_000 }));
  });
}
