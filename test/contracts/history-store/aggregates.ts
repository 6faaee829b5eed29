import type { Test } from 'tap';
import { aggregateFunctions, type AggregateQuery } from '../../../src/ports/history-store.js';
import type { Sample } from './plain-store.js';
import { second, start, Subject, type OpenStore } from './subject.js';

const bySeries: AggregateQuery['group'] = { device: true, type: true, tags: 'all' };
const hour = 3600n * second;

function everyFunction(...fields: string[]): AggregateQuery['cells'] {
  return fields.flatMap((field) => aggregateFunctions.map((fn) => ({ field, fn })));
}

/** Three devices at two sites in two types, some of it late and corrected; every field has gaps. */
function samples(): Sample[] {
  return Array.from({ length: 300 }, (_, index): Sample => {
    const step = (index * 7) % 97;
    return {
      type: index % 4 === 0 ? 'meter' : 'machine',
      device: `d${index % 3}`,
      tags: index % 5 === 0 ? {} : { site: index % 2 === 0 ? 'lyon' : 'oslo', line: `${index % 2}` },
      ts: start + BigInt(step) * 61n * second,
      fields: {
        count: BigInt(((index * 37) % 101) - 50),
        ...(index % 3 === 0 ? {} : { temperature: Math.sin(index) * 50 }),
        ...(index % 2 === 0 ? {} : { state: `s${(index * 13) % 7}`, running: index % 6 < 3 }),
        ...(index % 4 === 0 ? { power: index / 7 } : {}),
      },
    };
  });
}

/** Every function, between any edges, over any groups, as a plain computation has it. */
export async function aggregateContract(t: Test, open: OpenStore): Promise<void> {
  const subject = await Subject.open(t, open);
  await subject.put(t, samples().slice(0, 200));
  await subject.put(t, samples().slice(200));
  const cells = everyFunction('temperature', 'count', 'state', 'running', 'power');
  const hours = [start, start + hour, start + 2n * hour];

  await t.test('every function of every kind, where it makes sense', async (t) => {
    for (const cell of cells) {
      await subject.sameAggregate(t, `${cell.fn} of ${cell.field}`, { edges: hours, group: bySeries, cells: [cell] });
    }
    await subject.sameAggregate(t, 'all at once', { edges: hours, group: bySeries, cells });
  });

  await t.test('groups by any parts of the series, the others merged over', async (t) => {
    for (const device of [true, false]) {
      for (const type of [true, false]) {
        for (const tags of ['all', [], ['site'], ['site', 'line', 'none']] as const) {
          const group = { device, type, tags };
          await subject.sameAggregate(t, JSON.stringify(group), { edges: hours, group, cells });
        }
      }
    }
  });

  await t.test('buckets lie between the edges, however wide', async (t) => {
    const edges = [
      [start, start + 1n],
      [start - hour, start, start + 61n * second, start + 62n * second, start + hour, start + 9n * hour],
      Array.from({ length: 200 }, (_, index) => start + BigInt(index) * 30n * second),
      Array.from({ length: 40 }, (_, index) => start + BigInt(index * index) * 4n * second),
      [start + 100n * hour, start + 101n * hour],
      [start],
      [],
    ];
    for (const [index, some] of edges.entries()) {
      await subject.sameAggregate(t, `edges ${index}`, { edges: some, group: bySeries, cells });
    }
  });

  await t.test('only the series and the columns that were asked for', async (t) => {
    const query = { edges: hours, group: bySeries, cells };
    await subject.sameAggregate(t, 'a device', { ...query, series: { devices: ['d1'] } });
    await subject.sameAggregate(t, 'a tag', { ...query, series: { tags: { site: 'o*' } } });
    await subject.sameAggregate(t, 'no series', { ...query, series: { devices: ['none'] } });
    await subject.sameAggregate(t, 'a type', { ...query, columns: subject.columns.slice(0, 1) });
    await subject.sameAggregate(t, 'an unknown field', { ...query, cells: everyFunction('none') });
    await subject.sameAggregate(t, 'an unknown type', {
      ...query,
      columns: [{ type: 'none', fields: [{ name: 'count', kind: 'integer' }] }],
    });
  });

  await t.test('a percentile is the value of rank floor(n * p / 100 + 0.5), at least 1', async (t) => {
    const subject = await Subject.open(t, open);
    const group = { device: true, type: false, tags: [] };
    for (const count of [1, 2, 9, 10, 11, 100, 101]) {
      await subject.put(
        t,
        Array.from({ length: count }, (_, index) => ({
          device: `of${count}`,
          ts: start + BigInt((index * 31) % count),
          fields: { value: index + 1 },
        })),
      );
    }
    await subject.sameAggregate(t, 'all', { edges: [start, start + hour], group, cells: everyFunction('value') });
    const [row] = await subject.aggregated({
      columns: subject.columns,
      series: { devices: ['of11'] },
      edges: [start, start + hour],
      group,
      cells: [{ field: 'value', fn: 'p95' }],
    });
    t.same(row?.cells, [10], 'p95 of 1 to 11 is 10');
  });

  await t.test('integers beyond 2^53 stay exact', async (t) => {
    const subject = await Subject.open(t, open);
    await subject.put(
      t,
      [2n ** 62n, 2n ** 53n + 1n, -(2n ** 61n), 3n].map((count, index) => ({
        device: 'a',
        ts: start + BigInt(index),
        fields: { count },
      })),
    );
    const cells = (['min', 'max', 'sum', 'first', 'last', 'spread', 'p50', 'count'] as const).map((fn) => ({
      field: 'count',
      fn,
    }));
    await subject.sameAggregate(t, 'each', { edges: [start, start + hour], group: bySeries, cells });
  });

  await t.test('very large values fail no query', async (t) => {
    const subject = await Subject.open(t, open);
    await subject.put(
      t,
      [1e300, -1e300, 2].map((value, index) => ({ device: 'a', ts: start + BigInt(index), fields: { value } })),
    );
    const query = { columns: subject.columns, series: {}, edges: [start, start + hour], group: bySeries };
    const rows = await subject.aggregated({ ...query, cells: everyFunction('value') });
    t.equal(rows.length, 1);
  });

  await t.test('a field that types have in different kinds is merged as far as it makes sense', async (t) => {
    const subject = await Subject.open(t, open);
    await subject.put(t, [
      { type: 'one', device: 'a', ts: start, fields: { value: 1.5 } },
      { type: 'two', device: 'a', ts: start + 1n, fields: { value: 7n } },
      { type: 'three', device: 'a', ts: start + 2n, fields: { value: 'x' } },
    ]);
    const group = { device: true, type: false, tags: [] };
    await subject.sameAggregate(t, 'merged', { edges: [start, start + hour], group, cells: everyFunction('value') });
    await subject.sameAggregate(t, 'apart', {
      edges: [start, start + hour],
      group: bySeries,
      cells: everyFunction('value'),
    });
  });
}
