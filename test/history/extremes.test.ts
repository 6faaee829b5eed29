import { array, assert, asyncProperty, double, integer } from 'fast-check';
import t from 'tap';
import { ask, ns } from './ask.js';
import { MemoryReader } from './memory-reader.js';

const start = ns('2024-06-01T11:30:00Z');
const second = 1_000_000_000n;

await t.test('at most N points, the lowest and the highest of all among them', async (t) => {
  const values = array(double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 200 });
  await assert(
    asyncProperty(values, integer({ min: 1, max: 60 }), async (values, maxPoints) => {
      const reader = new MemoryReader();
      values.forEach((v, at) => reader.add({ ts: start + BigInt(at) * second, device: 'a', type: 'm', fields: { v } }));
      const { rows } = await ask(reader, { from: '-1h', maxPoints: String(maxPoints), limit: '1000' });
      const kept = rows.map((row) => row.at(-1) as number);
      if (kept.length > maxPoints) return false;
      if (values.length <= maxPoints) return kept.length === values.length;
      const isInOrder = rows.every((row, index) => index === 0 || (rows[index - 1]![0] as number) < (row[0] as number));
      if (maxPoints === 1) return isInOrder && kept[0] === Math.min(...values);
      return isInOrder && kept.includes(Math.min(...values)) && kept.includes(Math.max(...values));
    }),
    { numRuns: 300 },
  );
  t.pass();
});

await t.test('a long series keeps its shape: peaks, dips and both ends', async (t) => {
  const reader = new MemoryReader();
  const length = 3500;
  for (let at = 0; at < length; at++) {
    const v = at === 1234 ? 1000 : at === 2345 ? -1000 : Math.sin(at / 100);
    reader.add({ ts: start + BigInt(at) * (second / 2n), device: 'a', type: 'm', fields: { v, w: -v, s: 'x' } });
  }
  const { rows, columns } = await ask(reader, { from: '-1h', maxPoints: '100', limit: '1000' });
  const v = rows.map((row) => row[columns.indexOf('v')] as number);
  t.ok(rows.length > 50 && rows.length <= 100, `${rows.length} points`);
  t.ok(v.includes(1000) && v.includes(-1000));
  const msAt = (at: number) => Number((start + BigInt(at) * (second / 2n)) / 1_000_000n);
  t.equal(rows[0]![0], msAt(0));
  t.equal(rows.at(-1)![0], msAt(length - 1));
});

await t.test('it counts for each series, and pages of it are together the whole', async (t) => {
  const reader = new MemoryReader();
  for (let at = 0; at < 300; at++) {
    reader.add({ ts: start + BigInt(at) * second, device: `d${at % 3}`, type: 'm', fields: { v: (at * 37) % 101 } });
  }
  reader.add({ ts: start, device: 'few', type: 'm', fields: { v: 1 } });
  for (const order of ['asc', 'desc']) {
    const whole = await ask(reader, { from: '-1h', maxPoints: '10', order });
    for (const device of ['d0', 'd1', 'd2']) t.ok(whole.rows.filter((row) => row[1] === device).length <= 10);
    t.equal(whole.rows.filter((row) => row[1] === 'few').length, 1);
    const rows: unknown[] = [];
    let cursor = '';
    do {
      const page = await ask(reader, { from: '-1h', maxPoints: '10', order, limit: '4', cursor });
      rows.push(...page.rows);
      cursor = page.next ?? '';
    } while (cursor !== '');
    t.same(rows, whole.rows, order);
  }
});
