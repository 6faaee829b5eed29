import t from 'tap';
import { readHistoryQuery } from '../../src/history/parameters.js';
import { answerHistory } from '../../src/history/json-answer.js';
import { ask, now, ns } from './ask.js';
import { MemoryReader } from './memory-reader.js';

const start = ns('2024-06-01T11:30:00Z') + 123_456_789n;

function machines(): MemoryReader {
  return new MemoryReader().add(
    { ts: start, device: 'b', type: 'machine', tags: { site: 'lyon' }, fields: { temperature: 1.5, n: 2n ** 60n } },
    { ts: start, device: 'a', type: 'machine', tags: { line: '7' }, fields: { temperature: 2 } },
    { ts: start + 1n, device: 'a', type: 'ambient', fields: { temperature: 'cold', toString: true } },
  );
}

await t.test('rows as they were stored, with a column for each tag and field that they have', async (t) => {
  const answer = await ask(machines(), {});
  const ms = Number(start / 1_000_000n);
  t.same(answer, {
    columns: ['ts', 'device', 'type', 'tag.line', 'tag.site', 'temperature', 'n', 'toString'],
    rows: [
      [ms, 'a', 'machine', '7', null, 2, null, null],
      [ms, 'b', 'machine', null, 'lyon', 1.5, String(2n ** 60n), null],
      [ms, 'a', 'ambient', null, null, 'cold', null, true],
    ],
    next: null,
    truncated: false,
  });
  t.same((await ask(machines(), { devices: 'a', types: 'machine' })).columns, [
    'ts',
    'device',
    'type',
    'tag.line',
    'temperature',
  ]);
  t.same((await ask(machines(), { devices: 'none' })).columns, ['ts', 'device', 'type']);
  t.same(
    (await ask(machines(), { devices: 'none', fields: 'n,x' })).columns,
    ['ts', 'device', 'type', 'n'],
    'a field that is named',
  );
});

await t.test('times in the unit that is asked for', async (t) => {
  const firstTs = async (precision: string) => (await ask(machines(), { precision })).rows[0]![0];
  t.equal(await firstTs('s'), 1717241400);
  t.equal(await firstTs('ms'), 1717241400123);
  t.equal(await firstTs('us'), 1717241400123456);
  t.equal(await firstTs('ns'), '1717241400123456789');
});

await t.test('it is cut off at the limit, and says so', async (t) => {
  const reader = machines();
  const first = await ask(reader, { limit: '2' });
  t.match(first, { truncated: true, next: String });
  t.equal(first.rows.length, 2);
  t.match(await ask(reader, { limit: '2', cursor: first.next! }), { truncated: false, next: null, rows: [[]] });
  t.match(await ask(reader, { limit: '3' }), { truncated: false, next: null });
});

await t.test('what nobody may see or what is not known asks nothing of the store', async (t) => {
  const reader = machines();
  const types = reader.types();
  const hidden = readHistoryQuery({ devices: 'b' }, { now, types, allowedDevices: ['a*'] });
  t.same(await answerHistory(hidden, reader), {
    columns: ['ts', 'device', 'type'],
    rows: [],
    next: null,
    truncated: false,
  });
  t.same((await ask(reader, { types: 'nothing' })).rows, []);
  t.same((await ask(reader, { types: 'nothing', every: '1m' })).rows, []);
  t.equal(reader.scans, 0);
});
