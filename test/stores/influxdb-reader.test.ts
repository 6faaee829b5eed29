import t from 'tap';
import type { AggregateFunction, AggregateQuery, FieldColumn, ScanQuery } from '../../src/ports/history-store.js';
import { aggregateStatement, planAggregate } from '../../src/stores/influxdb/aggregate-plan.js';
import { bucketIn, segmentsFrom } from '../../src/stores/influxdb/buckets.js';
import { InfluxStore } from '../../src/stores/influxdb/store.js';
import { Influxd, influxdIsMissing } from '../servers/influxd.js';

const bySeries: AggregateQuery['group'] = { device: true, type: true, tags: 'all' };
const merged: AggregateQuery['group'] = { device: false, type: false, tags: [] };
const float = (name: string): FieldColumn => ({ name, kind: 'float' });
const bounds = { buckets: 1000, segments: 100 };

function asked(fn: AggregateFunction, group: AggregateQuery['group'], ...types: FieldColumn[]): AggregateQuery {
  return {
    columns: types.map((field, index) => ({ type: `type${index}`, fields: [field] })),
    series: {},
    edges: [0n, 100n],
    group,
    cells: [{ field: 'value', fn }],
  };
}

await t.test('InfluxQL is asked where its answer is the right one, and else the rows are looked at', (t) => {
  const isPushedDown = (query: AggregateQuery) => planAggregate(query) !== undefined;
  const value = float('value');
  for (const fn of ['mean', 'sum', 'count', 'min', 'max', 'spread'] as const) {
    t.ok(isPushedDown(asked(fn, merged, value, value)), `${fn} over two types`);
    t.notOk(isPushedDown(asked(fn, merged, value, { name: 'value', kind: 'integer' })), `${fn} over two kinds`);
  }
  for (const fn of ['p50', 'p95', 'p99', 'stddev'] as const) {
    t.ok(isPushedDown(asked(fn, merged, value)), `${fn} over one type`);
    t.notOk(isPushedDown(asked(fn, merged, value, value)), `${fn} over two types`);
  }
  for (const fn of ['first', 'last'] as const) {
    t.ok(isPushedDown(asked(fn, bySeries, value, value)), `${fn} of each series`);
    t.notOk(isPushedDown(asked(fn, { ...bySeries, tags: [] }, value)), `${fn} of a device with several series`);
  }
  t.end();
});

await t.test('buckets of one width are one statement, also where the range cuts the first and the last short', (t) => {
  const segments = segmentsFrom([7n, 10n, 20n, 30n, 33n], 0, bounds);
  t.same(segments, [{ start: 0n, width: 10n, from: 7n, to: 33n, firstBucket: 0 }]);
  t.same(
    [0n, 10n, 20n, 30n].map((ts) => bucketIn(segments, ts)),
    [0, 1, 2, 3],
  );
  const days = segmentsFrom([0n, 24n, 47n, 71n, 95n], 0, bounds);
  t.same(
    days.map(({ width, firstBucket }) => [width, firstBucket]),
    [
      [24n, 0],
      [23n, 1],
      [24n, 2],
    ],
    'a day of 23 hours has a statement of its own',
  );
  t.equal(segmentsFrom([0n, 1n, 3n, 6n, 10n], 1, { buckets: 3, segments: 2 }).length, 2);
  t.end();
});

await t.test('a statement has both bounds of time, and quotes every name', (t) => {
  const query = {
    ...asked('mean', { device: true, type: true, tags: ['site'] }, float('value')),
    edges: [5n, 10n, 15n],
  };
  const plan = planAggregate(query)!;
  const [segment] = segmentsFrom(query.edges, 0, bounds);
  t.equal(
    aggregateStatement(plan.types[0]!, segment!, query, ['site']),
    'SELECT mean("value"::float) FROM "type0" WHERE time >= 5 AND time < 15 AND "device"::tag != \'\' ' +
      'GROUP BY time(5ns, 0ns), "device"::tag, "site"::tag fill(none)',
  );
  t.end();
});

if (!influxdIsMissing('The aggregates of InfluxDB')) {
  await t.test('over a real InfluxDB', async (t) => {
    const influxd = await new Influxd().start();
    t.teardown(() => influxd.stop());
    const store = new InfluxStore({ url: influxd.url, database: 'aggregates', timeoutMs: 10_000 });
    t.teardown(() => store.stop());
    await store.start();

    async function cellsOf(query: AggregateQuery): Promise<unknown[][]> {
      const cells: unknown[][] = [];
      for await (const rows of store.reader.aggregate(query)) for (const row of rows) cells.push(row.cells);
      return cells;
    }

    await t.test('a sum beyond 64 bits is right, and one beyond a double fails nothing', async (t) => {
      const large = 2n ** 62n;
      const lines = [0, 1, 2].map((ts) => `type0,device=a value=${large}i,huge=1.7e308 ${ts}`);
      await influxd.write(lines.join('\n'), 'aggregates');
      const integer = asked('sum', bySeries, { name: 'value', kind: 'integer' });
      t.same(await cellsOf(integer), [[3n * large]]);
      const huge = { ...asked('sum', bySeries, float('huge')), cells: [{ field: 'huge', fn: 'sum' as const }] };
      t.same(await cellsOf(huge), [[Infinity]]);
    });

    await t.test('more groups than are held at once come in shorter steps, each bucket once', async (t) => {
      const groups = 3000;
      const lines = Array.from({ length: groups * 50 }, (_, index) => {
        return `type0,device=b${index % groups} many=1 ${1000 + Math.floor(index / groups)}`;
      });
      for (let at = 0; at < lines.length; at += 10_000) {
        await influxd.write(lines.slice(at, at + 10_000).join('\n'), 'aggregates');
      }
      const edges = Array.from({ length: 51 }, (_, index) => BigInt(1000 + index));
      const query = {
        ...asked('count', bySeries, float('many')),
        edges,
        cells: [{ field: 'many', fn: 'count' as const }],
      };
      const buckets = new Map<number, number>();
      let before = 0;
      for await (const rows of store.reader.aggregate(query)) {
        for (const { bucket } of rows) {
          if (bucket < before) t.fail('buckets in order');
          before = bucket;
          buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
        }
      }
      t.same(
        [...buckets.values()],
        Array.from({ length: 50 }, () => groups),
      );
    });

    await t.test(
      'a reading that brings its type a new tag has it, whatever was known of the type before',
      async (t) => {
        const columns = [{ type: 'tagged', fields: [float('value')] }];
        const scan: ScanQuery = { columns, series: {}, from: 0n, to: 100n, order: 'asc' };
        const tagsOfRows = async () => {
          const tags: unknown[] = [];
          for await (const rows of store.reader.scan(scan)) for (const row of rows) tags.push(row.tags);
          return tags;
        };
        const byTags = { ...bySeries, device: false };
        const groups = async () => {
          const tags: unknown[] = [];
          const query = { ...asked('count', byTags, float('value')), columns };
          for await (const rows of store.reader.aggregate(query)) for (const row of rows) tags.push(row.tags);
          return tags;
        };
        await influxd.write('tagged,device=a value=1 1', 'aggregates');
        t.same([await tagsOfRows(), await groups()], [[{}], [{}]]);
        await influxd.write('tagged,device=a,site=lyon value=2 2', 'aggregates');
        t.same(await tagsOfRows(), [{}, { site: 'lyon' }]);
        await influxd.write('tagged,device=a,line=7 value=3 3', 'aggregates');
        t.same(
          new Set((await groups()).map((tags) => JSON.stringify(tags))),
          new Set(['{}', '{"site":"lyon"}', '{"line":"7"}']),
        );
      },
    );

    await t.test('answers that nobody goes on reading hold up no other answer, and no write', async (t) => {
      const columns = [{ type: 'type0', fields: [float('many')] }];
      const scan = () =>
        store.reader.scan({ columns, series: {}, from: 0n, to: 10_000n, order: 'asc' })[Symbol.asyncIterator]();
      const unread = Array.from({ length: 20 }, scan);
      for (const rows of await Promise.all(unread.map((one) => one.next()))) t.ok(rows.value?.length);
      const payload = Buffer.from('late,device=a value=1 1');
      const batch = { payload, runs: [{ position: 0, count: 1 }], count: 1 };
      const state = { low: 1, ranges: [], stored: 1, quarantined: 0 };
      t.same(await store.writer.write(batch, state), { outcome: 'stored' });
      for (const one of unread) await one.return?.(undefined);
    });
  });
}
