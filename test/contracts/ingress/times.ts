import type { Case } from './subject.js';

const at = 1_700_000_000_000;
const hour = 3_600_000;
const timed = (ts: unknown, precision?: string) => ({
  device: 'DEVICE',
  type: 'TYPE',
  ts,
  ...(precision === undefined ? {} : { precision }),
  fields: { a: 1 },
});
const storedAt = (ns: string) => [{ ts: ns, type: 'TYPE', a: 1 }];

function taken(what: string, ts: unknown, ns: string, precision?: string): Case {
  return { promise: `a time is taken: ${what}`, batch: timed(ts, precision), accepted: 1, stored: storedAt(ns) };
}

function invalid(what: string, ts: unknown, precision?: string): Case {
  const batch = timed(ts, precision);
  return { promise: `a time is refused: ${what}`, batch, accepted: 0, results: [[0, 'ts_invalid', '/ts']] };
}

function outOfRange(what: string, ts: unknown, precision?: string): Case {
  const batch = timed(ts, precision);
  return { promise: `a time is out of range: ${what}`, batch, accepted: 0, results: [[0, 'ts_out_of_range', '/ts']] };
}

export const timeCases: Case[] = [
  taken('milliseconds by default', at, '1700000000000000000'),
  taken('seconds', 1_700_000_000, '1700000000000000000', 's'),
  taken('microseconds', 1_700_000_000_000_001, '1700000000000001000', 'us'),
  taken('nanoseconds as digits, each of them kept', '1700000000123456789', '1700000000123456789', 'ns'),
  taken('digits in milliseconds', `${at}`, '1700000000000000000'),
  taken('digits in microseconds', '1700000000123456', '1700000000123456000', 'us'),
  taken('RFC 3339 in UTC', '2023-11-14T22:13:20Z', '1700000000000000000'),
  taken(
    'RFC 3339 with an offset, a fraction and small letters',
    '2023-11-15t03:43:20.123456789+05:30',
    '1700000000123456789',
  ),
  taken('RFC 3339, whatever the precision', '2023-11-14T22:13:20.000000001Z', '1700000000000000001', 's'),
  taken('a leap second, as the second after it', '2016-12-31T23:59:60Z', '1483228800000000000'),
  taken('the first of 1971', Date.UTC(1971, 0, 1), '31536000000000000'),
  { promise: 'a time 23 hours ahead is taken', batch: timed(Date.now() + 23 * hour), accepted: 1 },
  {
    promise: "a reading's own precision wins over the envelope's, which wins over the default",
    batch: {
      precision: 's',
      readings: [timed(1_700_000_000), timed(1_700_000_000_001, 'ms'), timed('1700000000000000002', 'ns')],
    },
    accepted: 3,
    stored: [
      ...storedAt('1700000000000000000'),
      ...storedAt('1700000000000000002'),
      ...storedAt('1700000000001000000'),
    ],
  },
  invalid('a fraction', at + 0.5),
  invalid('a boolean', true),
  invalid('an object', {}),
  invalid('empty', ''),
  invalid('digits with a fraction', '1700000000000.5'),
  invalid('digits with a unit', '1700000000000ms'),
  invalid('hexadecimal', '0x18bcfe56800'),
  invalid('digits with spaces', ' 1700000000000'),
  invalid('RFC 3339 without a zone', '2023-11-14T22:13:20'),
  invalid('a day alone', '2023-11-14'),
  invalid('the 29th of February of no leap year', '2023-02-29T00:00:00Z'),
  invalid('the 25th hour', '2023-02-28T24:00:00Z'),
  invalid('month 13', '2023-13-01T00:00:00Z'),
  invalid('an offset of 24 hours', '2023-02-28T00:00:00+24:00'),
  {
    promise: 'a time beyond every number is refused',
    batch: '{"device":"DEVICE","ts":1e999,"fields":{"a":1}}',
    accepted: 0,
    results: [[0, 'ts_invalid', '/ts']],
  },
  {
    promise: "a reading's own unknown precision is refused",
    batch: [timed(at, 'minutes'), timed(at)],
    accepted: 1,
    results: [[0, 'ts_invalid', '/precision']],
    stored: storedAt('1700000000000000000'),
  },
  outOfRange('seconds sent as milliseconds', 1_700_000_000),
  outOfRange('milliseconds sent as seconds', at, 's'),
  outOfRange('nanoseconds sent as milliseconds', '1700000000000000000'),
  outOfRange('a millisecond before 1971', Date.UTC(1971, 0, 1) - 1),
  outOfRange('negative', -at),
  outOfRange('25 hours ahead', Date.now() + 25 * hour),
  outOfRange('2100 in RFC 3339', '2100-01-01T00:00:00Z'),
];
