import t from 'tap';
import { ask, ns } from './ask.js';
import { MemoryReader, type StoredReading } from './memory-reader.js';

const start = ns('2024-06-01T10:00:00Z');
const startMs = Number(start / 1_000_000n);
const minuteMs = 60_000;

function reading(atMinute: number, fields: StoredReading['fields'], device = 'a', tags = {}): StoredReading {
  return { ts: start + BigInt(Math.round(atMinute * 60)) * 1_000_000_000n, device, type: 'machine', tags, fields };
}
const range = { from: String(startMs), to: String(startMs + 5 * minuteMs) };

await t.test('every function, on values whose answers are known', async (t) => {
  const reader = new MemoryReader();
  for (let value = 1; value <= 11; value++) reader.add(reading(value / 60, { v: value, n: BigInt(value) }));
  const fn = 'mean,min,max,count,sum,first,last,p50,p95,p99,stddev,spread';
  const answer = await ask(reader, { ...range, every: '1m', fn });
  const names = fn.split(',');
  t.same(answer.columns, ['ts', 'device', 'type', ...names.map((f) => `v_${f}`), ...names.map((f) => `n_${f}`)]);
  const expected = [6, 1, 11, 11, 66, 1, 11, 6, 10, 11, Math.sqrt(11), 10];
  t.same(answer.rows, [[startMs, 'a', 'machine', ...expected, ...expected]]);
});

await t.test('one value has no deviation, and is there all the same', async (t) => {
  const reader = new MemoryReader().add(reading(0, { v: 3 }));
  const answer = await ask(reader, { ...range, every: '1m', fn: 'stddev', fields: 'v' });
  t.same(answer, {
    columns: ['ts', 'device', 'type', 'v_stddev'],
    rows: [[startMs, 'a', 'machine', null]],
    next: null,
    truncated: false,
  });
});

await t.test('a function that makes no sense for a kind leaves its column out', async (t) => {
  const reader = new MemoryReader().add(
    reading(0, { ok: true, state: 'hot', v: 1 }),
    reading(1, { ok: false, state: 'x' }),
  );
  const answer = await ask(reader, { ...range, every: '5m', fn: 'mean,count,last' });
  t.same(answer.columns.slice(3), ['ok_count', 'ok_last', 'state_count', 'state_last', 'v_mean', 'v_count', 'v_last']);
  t.same(answer.rows[0]!.slice(3), [2, false, 2, 'x', 1, 1, 1]);
  const onlyStrings = await ask(reader, { ...range, every: '5m', fn: 'mean', fields: 'state' });
  t.same(onlyStrings, { columns: ['ts', 'device', 'type'], rows: [], next: null, truncated: false });
});

await t.test('integers beyond 2^53 are exact, and strings', async (t) => {
  const reader = new MemoryReader().add(reading(0, { n: 2n ** 60n + 1n }), reading(1, { n: 2n ** 60n }));
  const answer = await ask(reader, { ...range, every: '5m', fn: 'sum,max,spread', fields: 'n' });
  t.same(answer.rows[0]!.slice(3), [String(2n ** 61n + 1n), String(2n ** 60n + 1n), 1]);
});

await t.test('group names the columns; what it leaves out is merged', async (t) => {
  const reader = new MemoryReader().add(
    reading(0, { v: 1 }, 'a', { site: 'lyon', line: '1' }),
    reading(0, { v: 3 }, 'b', { site: 'lyon' }),
    reading(0, { v: 10 }, 'c', { site: 'turin' }),
    reading(0, { v: 20 }, 'd'),
  );
  const grouped = async (group: string) => {
    const { columns, rows } = await ask(reader, { ...range, every: '5m', group });
    return [columns, ...rows.map((row) => row.slice(1))];
  };
  t.same(await grouped('tag.site'), [
    ['ts', 'tag.site', 'v_mean'],
    [null, 20],
    ['lyon', 2],
    ['turin', 10],
  ]);
  t.same(await grouped('none'), [['ts', 'v_mean'], [8.5]]);
  t.same(await grouped('type,device'), [
    ['ts', 'device', 'type', 'v_mean'],
    ['a', 'machine', 1],
    ['b', 'machine', 3],
    ['c', 'machine', 10],
    ['d', 'machine', 20],
  ]);
  t.same((await grouped(''))[0], ['ts', 'device', 'type', 'tag.line', 'tag.site', 'v_mean']);
});

await t.test('readings outside the range do not count, though their bucket does', async (t) => {
  const reader = new MemoryReader().add(
    reading(0.25, { v: 1 }),
    reading(0.75, { v: 3 }),
    reading(1.25, { v: 5 }),
    reading(1.75, { v: 7 }),
  );
  const within = { from: String(startMs + 30_000), to: String(startMs + 90_000) };
  const answer = await ask(reader, { ...within, every: '1m' });
  t.same(answer.rows, [
    [startMs, 'a', 'machine', 3],
    [startMs + minuteMs, 'a', 'machine', 5],
  ]);
});

await t.test('fill gives every group a row in every bucket', async (t) => {
  const reader = new MemoryReader().add(
    reading(1, { v: 1, state: 'on' }),
    reading(4, { v: 7, w: 5 }),
    reading(2, { v: 4 }, 'b'),
  );
  const filled = async (fill: string, device = 'a', order = 'asc') => {
    const answer = await ask(reader, { ...range, every: '1m', fn: 'last', fill, order });
    t.same(answer.columns.slice(3), ['v_last', 'state_last', 'w_last']);
    return answer.rows
      .filter((row) => row[1] === device)
      .map((row) => [(Number(row[0]) - startMs) / minuteMs, ...row.slice(3)]);
  };
  t.same(await filled('none'), [
    [1, 1, 'on', null],
    [4, 7, null, 5],
  ]);
  t.same(await filled('null'), [
    [0, null, null, null],
    [1, 1, 'on', null],
    [2, null, null, null],
    [3, null, null, null],
    [4, 7, null, 5],
  ]);
  t.same(await filled('previous'), [
    [0, null, null, null],
    [1, 1, 'on', null],
    [2, 1, 'on', null],
    [3, 1, 'on', null],
    [4, 7, 'on', 5],
  ]);
  t.same(await filled('linear'), [
    [0, null, null, null],
    [1, 1, 'on', null],
    [2, 3, null, null],
    [3, 5, null, null],
    [4, 7, null, 5],
  ]);
  t.same(
    (await filled('linear', 'b')).map((row) => row[1]),
    [null, null, 4, null, null],
  );
  t.same(await filled('previous', 'a', 'desc'), (await filled('previous')).toReversed());
});

await t.test('linear goes by time, where buckets are not equally long', async (t) => {
  const reader = new MemoryReader().add(
    { ts: ns('2024-03-30T12:00:00Z'), device: 'a', type: 'm', fields: { v: 0 } },
    { ts: ns('2024-04-01T12:00:00Z'), device: 'a', type: 'm', fields: { v: 47 } },
  );
  const parameters = {
    from: '2024-03-29T23:00:00Z',
    to: '2024-04-02T00:00:00+02:00',
    every: '1d',
    tz: 'Europe/Berlin',
  };
  const answer = await ask(reader, { ...parameters, fill: 'linear' });
  t.same(
    answer.rows.map((row) => row.at(-1)),
    [0, 24, 47],
    'the 31st of March has 23 hours',
  );
});

await t.test('pages of buckets are together what one page is', async (t) => {
  const reader = new MemoryReader();
  for (let at = 0; at < 300; at += 7) {
    reader.add(
      reading(at / 60, { v: at }, `d${at % 4}`),
      reading(at / 60, { v: at, n: BigInt(at) }, 'e', { site: `s${at % 2}` }),
    );
  }
  for (const fill of ['none', 'null', 'previous', 'linear']) {
    for (const order of ['asc', 'desc']) {
      const parameters = { ...range, every: '1m', fn: 'mean,count', fill, order, fields: 'v,n' };
      const whole = await ask(reader, parameters);
      t.ok(whole.rows.length > 20);
      for (const limit of ['1', '4', '7', String(whole.rows.length)]) {
        const rows: unknown[] = [];
        let cursor = '';
        do {
          const page = await ask(reader, { ...parameters, limit, cursor });
          t.equal(page.truncated, page.next !== null);
          const at = whole.columns.map((name) => page.columns.indexOf(name));
          rows.push(...page.rows.map((row) => at.map((place) => (place < 0 ? null : row[place]))));
          cursor = page.next ?? '';
        } while (cursor !== '');
        t.same(rows, whole.rows, `fill ${fill}, ${order}, ${limit} a page`);
      }
    }
  }
});

await t.test('more rows than fit in memory are refused before they are made', async (t) => {
  const reader = new MemoryReader();
  for (let device = 0; device < 30; device++) reader.add(reading(0, { v: 1 }, `d${device}`));
  const parameters = { from: String(startMs), to: String(startMs + 10_000_000), every: '1s', fill: 'null' };
  await t.rejects(ask(reader, parameters), { code: 'invalid_parameter', message: /^every: .*200000/ });
  t.equal((await ask(reader, { ...parameters, fill: 'none' })).rows.length, 30);
});
