import { array, assert, asyncProperty, boolean, constantFrom, integer, record } from 'fast-check';
import t from 'tap';
import { ask, now, ns } from './ask.js';
import { MemoryReader, type StoredReading } from './memory-reader.js';

const start = ns('2024-06-01T11:30:00Z');

const reading = record({
  ts: integer({ min: 0, max: 12 }).map((step) => start + BigInt(step) * 500_000_000n),
  device: constantFrom('a', 'b', 'a-b', 'c'),
  type: constantFrom('machine', 'machine2', 'ambient'),
  tags: constantFrom({}, { site: 'x' }, { site: '\u{1F600}' }, { site: '\uFF5E' }),
  fields: record({ v: integer() }),
});

const keyOf = ({ ts, device, type, tags }: StoredReading) =>
  JSON.stringify([Number(ts / 1_000_000n), device, type, tags?.['site'] ?? null]);

await t.test('pages give each row once, in order, and none that was there all the time is missed', async (t) => {
  const names = ['ts', 'device', 'type', 'tag.site'];
  await assert(
    asyncProperty(
      array(reading, { minLength: 1, maxLength: 30 }),
      array(reading, { maxLength: 30 }),
      integer({ min: 1, max: 6 }),
      boolean(),
      async (before, meanwhile, limit, isAscending) => {
        const reader = new MemoryReader().add(...before);
        const order = isAscending ? 'asc' : 'desc';
        const coming = [...meanwhile];
        const seen: string[] = [];
        let cursor = '';
        let clock = now;
        do {
          const page = await ask(reader, { from: '-1h', order, limit: String(limit), cursor }, clock);
          for (const row of page.rows)
            seen.push(JSON.stringify(names.map((name) => row[page.columns.indexOf(name)] ?? null)));
          cursor = page.next ?? '';
          reader.add(...coming.splice(0, 2));
          clock += 10_000;
        } while (cursor !== '');
        const isOnce = new Set(seen).size === seen.length;
        const isWhole = before.every((reading) => seen.includes(keyOf(reading)));
        const times = seen.map((row) => Number((JSON.parse(row) as unknown[])[0]) * (isAscending ? 1 : -1));
        return isOnce && isWhole && times.every((time, index) => index === 0 || times[index - 1]! <= time);
      },
    ),
    { numRuns: 300 },
  );
  t.pass();
});

await t.test('a cursor keeps the range of its first page', async (t) => {
  const reader = new MemoryReader();
  for (let second = 0; second < 4; second++) {
    reader.add({ ts: start + BigInt(second) * 1_000_000_000n, device: 'a', type: 'machine', fields: { v: second } });
  }
  const first = await ask(reader, { from: '-30m', to: 'now', limit: '2' });
  t.match(first, { truncated: true, rows: [[], []] });
  const second = await ask(reader, { from: '-30m', to: 'now', limit: '2', cursor: first.next! }, now + 3_600_000);
  t.same(
    second.rows.map((row) => row.at(-1)),
    [2, 3],
    'an hour later it is still the same half hour',
  );
  t.match(second, { truncated: false, next: null });
});

await t.test('a cursor is good for its own query only, whatever the size of its pages', async (t) => {
  const reader = new MemoryReader();
  for (let at = 0; at < 9; at++)
    reader.add({ ts: start + BigInt(at), device: `d${at % 3}`, type: 'machine', fields: { v: at } });
  const parameters = { from: '-1h', devices: 'd*', limit: '2' };
  const cursor = (await ask(reader, parameters)).next!;
  const others: Record<string, string>[] = [
    { devices: 'd1' },
    { types: 'machine' },
    { fields: 'v' },
    { from: '-2h' },
    { to: 'now' },
    { order: 'desc' },
    { 'tag.site': 'x' },
    { every: '1m' },
    { maxPoints: '5' },
  ];
  for (const other of others) {
    await t.rejects(
      ask(reader, { ...parameters, ...other, cursor }),
      { code: 'invalid_cursor' },
      JSON.stringify(other),
    );
  }
  await t.resolves(ask(reader, { ...parameters, limit: '5', precision: 'ns', format: 'json', cursor }));
});

await t.test('what is no cursor is refused', async (t) => {
  const reader = new MemoryReader().add({ ts: start, device: 'a', type: 'machine', fields: { v: 1 } });
  const asText = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const wrong = [
    'x',
    '=',
    'null',
    asText(null),
    asText([1]),
    asText([2, 'f', '1', '2', '3', 's']),
    asText([1, 'f', '1', '2', 'x', 's']),
    'a'.repeat(70_000),
  ];
  for (const cursor of wrong) await t.rejects(ask(reader, { cursor }), { code: 'invalid_cursor' }, cursor.slice(0, 20));
});
