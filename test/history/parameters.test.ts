import t from 'tap';
import { Refusal } from '../../src/domain/refusal.js';
import { readHistoryQuery } from '../../src/history/parameters.js';
import type { Parameters } from '../../src/history/parameter.js';
import { now } from './ask.js';

const types = [
  {
    type: 'machine',
    fields: [
      { name: 'temperature', kind: 'float' as const },
      { name: 'state', kind: 'string' as const },
    ],
  },
  { type: 'net', fields: [{ name: 'rx', kind: 'integer' as const }] },
];
const read = (parameters: Parameters, allowedDevices?: string[]) =>
  readHistoryQuery(parameters, { now, types, allowedDevices });
const nowNs = BigInt(now) * 1_000_000n;
const second = 1_000_000_000n;

await t.test('a parameter that cannot be understood is refused by its name', async (t) => {
  const wrong: [name: string, parameters: Parameters][] = [
    ['from', { from: 'yesterday' }],
    ['from', { from: '2024-05-01T00:00:00' }],
    ['from', { from: '2024-02-30T00:00:00Z' }],
    ['from', { from: '-5' }],
    ['from', { from: '1e3' }],
    ['from', { from: 'now', to: '-1h' }],
    ['to', { to: '+1h' }],
    ['to', { to: '2024-13-01T00:00:00Z' }],
    ['every', { every: '0m' }],
    ['every', { every: '1.5h' }],
    ['every', { every: 'hour' }],
    ['every', { every: '1ms' }],
    ['every', { every: '-1h' }],
    ['fn', { every: '1m', fn: 'avg' }],
    ['fn', { every: '1m', fn: 'mean,MAX' }],
    ['fn', { fn: 'mean' }],
    ['group', { every: '1m', group: 'site' }],
    ['group', { every: '1m', group: 'tag.' }],
    ['group', { every: '1m', group: 'device,none' }],
    ['group', { group: 'device' }],
    ['fill', { every: '1m', fill: '0' }],
    ['fill', { fill: 'none' }],
    ['tz', { every: '1d', tz: 'Europe/Nowhere' }],
    ['tz', { tz: 'x'.repeat(5000) }],
    ['order', { order: 'up' }],
    ['limit', { limit: '0' }],
    ['limit', { limit: '100001' }],
    ['limit', { limit: '10.5' }],
    ['limit', { limit: '-1' }],
    ['maxPoints', { maxPoints: '0' }],
    ['maxPoints', { maxPoints: '100001' }],
    ['maxPoints', { maxPoints: '10', every: '1m' }],
    ['precision', { precision: 'm' }],
    ['format', { format: 'xml' }],
    ['devices', { devices: ',' }],
    ['devices', { devices: 'x'.repeat(257) }],
    ['devices', { devices: Array.from({ length: 1001 }, (_, index) => `d${index}`).join(',') }],
    ['tag.site', { 'tag.site': '' }],
    ['tag.site', { 'tag.site': 'a\u0000b' }],
    ['tag.device', { 'tag.device': 'x' }],
    ['tag.', { 'tag.': 'x' }],
    ['device', { device: 'x' }],
    ['Limit', { Limit: '5' }],
    ['"a b\\n"', { 'a b\n': 'x' }],
  ];
  for (const [name, parameters] of wrong) {
    try {
      read(parameters);
      t.fail(`${JSON.stringify(parameters)} was taken`);
    } catch (error) {
      t.ok(error instanceof Refusal && error.code === 'invalid_parameter', JSON.stringify(parameters).slice(0, 80));
      t.ok((error as Refusal).message.startsWith(`${name}: `), (error as Refusal).message);
      t.ok((error as Refusal).message.length < 300);
    }
  }
});

await t.test('a time is RFC 3339, milliseconds, now, or back from now', async (t) => {
  const times: [text: string, expected: bigint][] = [
    ['now', nowNs],
    ['-15m', nowNs - 900n * second],
    ['-7d', nowNs - 7n * 86_400n * second],
    ['-250ms', nowNs - 250_000_000n],
    ['1700000000123', 1_700_000_000_123_000_000n],
    ['2023-11-14T22:13:20.123456789Z', 1_700_000_000_123_456_789n],
    ['2023-11-14T23:13:20+01:00', 1_700_000_000_000_000_000n],
    ['2023-11-14T23:13:20 01:00', 1_700_000_000_000_000_000n],
    ['0', 0n],
    ['1900-01-01T00:00:00Z', 0n],
    ['-99999999d', 0n],
  ];
  for (const [text, expected] of times) t.equal(read({ from: text }).from, expected, text);
  t.equal(read({ from: '0', to: '9999-01-01T00:00:00Z' }).to, BigInt(Date.UTC(2262, 0, 1)) * 1_000_000n);
});

await t.test('without a range it is the last hour, and with an end alone the hour before it', async (t) => {
  t.match(read({}), { from: nowNs - 3600n * second, to: nowNs, order: 'asc', limit: undefined, precision: 'ms' });
  t.match(read({ to: '-1h' }), { from: nowNs - 7200n * second, to: nowNs - 3600n * second });
  t.match(read({ from: 'now' }), { from: nowNs, to: nowNs });
  t.match(read({ from: '', limit: '', order: '' }), { limit: undefined }, 'an empty value is none');
});

await t.test('only a range that ends before now can be cached', async (t) => {
  t.equal(read({}).touchesNow, true);
  t.equal(read({ from: '-2h', to: '2030-01-01T00:00:00Z' }).touchesNow, true);
  t.equal(read({ from: '-2h', to: '-1s' }).touchesNow, false);
});

await t.test('types and fields are what the catalog knows of the patterns', async (t) => {
  t.same(read({}).columns, types);
  t.same(read({ types: 'm*' }).columns, [types[0]]);
  t.same(read({ fields: 'temp*,rx' }).columns, [{ type: 'machine', fields: [types[0]!.fields[0]] }, types[1]]);
  t.same(read({ types: 'net', fields: 'temperature' }).columns, []);
});

await t.test('a client sees no device outside its patterns, however it asks', async (t) => {
  t.same(read({}, ['a*']).series.devices, ['a*']);
  t.same(read({ devices: 'abc,b' }, ['a*']).series.devices, ['abc']);
  t.same(read({ devices: '*' }, ['a*', 'x']).series.devices, ['a*', 'x']);
  t.same(read({ devices: 'b*' }, ['a*']).series.devices, []);
  t.same(read({ devices: 'a,b*' }).series.devices, ['a', 'b*']);
});
