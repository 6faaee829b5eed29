import type { Test } from 'tap';
import type { RowKey, ScanRow } from '../../../src/ports/history-store.js';
import type { Sample } from './plain-store.js';
import { second, start, Subject, type OpenStore } from './subject.js';

/** Series that share their times, with names whose order depends on how they are compared. */
function sharedTimes(): Sample[] {
  const samples: Sample[] = [];
  for (const type of ['machine', 'machine-2', 'Machine']) {
    for (const site of ['a', 'B', 'é', '\uff5e', '\u{1f600}', 'a b', 'a,b']) {
      for (const offset of [0n, 0n, 1n, 2n]) {
        samples.push({
          type,
          device: `d${site.length}`,
          tags: { site },
          ts: start + offset,
          fields: { value: samples.length },
        });
      }
    }
  }
  return samples;
}

/** Rows by time and series, in pages, of the series that were asked for. */
export async function orderContract(t: Test, open: OpenStore): Promise<void> {
  const subject = await Subject.open(t, open);
  const samples = sharedTimes();
  await subject.put(t, samples);
  await subject.put(
    t,
    samples.filter((_, index) => index % 5 === 0),
  );

  await t.test('rows come by time, then by series, compared by code point', async (t) => {
    await subject.sameRows(t, 'ascending');
    await subject.sameRows(t, 'descending', { order: 'desc' });
  });

  await t.test('pages of any size give every row exactly once', async (t) => {
    for (const order of ['asc', 'desc'] as const) {
      const all = await subject.rows({ order });
      for (const limit of [1, 2, 7, 20, 21, 22, all.length - 1, all.length, all.length + 1]) {
        t.same(await allPages(subject, order, limit), all, `${order}, ${limit} at a time`);
      }
    }
  });

  await t.test('a page goes on from a key whose row is not there', async (t) => {
    for (const order of ['asc', 'desc'] as const) {
      for (const series of ['', 'machine', 'machine,device=d1,site=c', '\u{10ffff}']) {
        for (const ts of [start - 1n, start, start + 2n, start + 3n]) {
          await subject.sameRows(t, `${order} after ${JSON.stringify(series)}, ${ts}`, {
            order,
            after: { ts, series },
            limit: 3,
          });
        }
      }
    }
  });

  await t.test('a selection takes exact names and patterns, of devices and of tags', async (t) => {
    const selections = [
      { devices: ['d1'] },
      { devices: ['d*'] },
      { devices: ['*'] },
      { devices: ['d2', '*3'] },
      { devices: [] },
      { devices: ['D1', 'd', '', '%', 'd_'] },
      { devices: ['d1'], tags: { site: 'a' } },
      { tags: { site: '*' } },
      { tags: { site: 'a*' } },
      { tags: { site: '*b' } },
      { tags: { site: '\u{1f600}' } },
      { tags: { site: 'a', other: '*' } },
      { tags: { other: 'a' } },
      { tags: { site: `a' OR '1'='1` } },
    ];
    for (const series of selections) await subject.sameRows(t, JSON.stringify(series), { series });
  });

  await t.test('what is not there gives no rows and no error', async (t) => {
    const unknown = [{ type: 'nothing', fields: [{ name: 'value', kind: 'float' as const }] }];
    t.same(await subject.rows({ columns: unknown }), [], 'an unknown type');
    t.same(
      await subject.rows({ columns: [{ type: 'machine', fields: [{ name: 'none', kind: 'float' }] }] }),
      [],
      'an unknown field',
    );
    t.same(await subject.rows({ columns: [] }), [], 'nothing asked for');
    t.same(await subject.rows({ from: start + second }), [], 'a range without rows');
    t.same(await subject.rows({ from: start + 1n, to: start }), [], 'a range backwards');
    const beside = {
      type: 'machine',
      fields: [
        { name: 'none', kind: 'string' as const },
        { name: 'value', kind: 'float' as const },
      ],
    };
    t.ok(
      (await subject.rows({ columns: [beside, ...unknown] })).every(
        ({ cells }) => cells[0] === null && cells[1] !== null,
      ),
    );
  });

  await t.test('a reader that stops early does no harm', async (t) => {
    for (let round = 0; round < 100; round++) {
      for await (const rows of subject.store.reader.scan({
        columns: subject.columns,
        series: {},
        from: 0n,
        to: start + second,
        order: 'asc',
      })) {
        if (rows.length > 0) break;
      }
    }
    await subject.sameRows(t, 'after a hundred of them');
  });
}

async function allPages(subject: Subject, order: 'asc' | 'desc', limit: number): Promise<ScanRow[]> {
  const all: ScanRow[] = [];
  let after: RowKey | undefined;
  for (;;) {
    const page = await subject.rows({ order, limit, after });
    all.push(...page);
    const last = page.at(-1);
    if (!last || page.length < limit) return all;
    after = { ts: last.ts, series: last.series };
  }
}
