import { assert, constantFrom, integer, property } from 'fast-check';
import t from 'tap';
import { bucketStarts, readEvery, readZone } from '../../src/history/every.js';
import { ns } from './ask.js';

function starts(from: string, to: string, every: string, tz = 'UTC'): string[] {
  return bucketStarts({ from: ns(from), to: ns(to) }, readEvery({ every })!, readZone({ tz })).map((start) =>
    new Date(Number(start / 1_000_000n)).toISOString().replace('.000Z', 'Z'),
  );
}

await t.test('fixed buckets are aligned to the clock and touch the whole range', async (t) => {
  t.same(starts('2024-01-01T10:07:03Z', '2024-01-01T10:45:00Z', '15m'), [
    '2024-01-01T10:00:00Z',
    '2024-01-01T10:15:00Z',
    '2024-01-01T10:30:00Z',
  ]);
  t.same(starts('2024-01-01T23:59:59Z', '2024-01-02T00:00:01Z', '1d'), [
    '2024-01-01T00:00:00Z',
    '2024-01-02T00:00:00Z',
  ]);
  t.same(starts('2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z', '1d'), [], 'an empty range has none');
  t.same(starts('2024-01-01T10:10:00Z', '2024-01-01T11:40:00Z', '1h', 'Asia/Kolkata'), [
    '2024-01-01T09:30:00Z',
    '2024-01-01T10:30:00Z',
    '2024-01-01T11:30:00Z',
  ]);
});

await t.test('hours stay as long as they are over a clock change', async (t) => {
  t.same(starts('2024-03-30T23:00:00Z', '2024-04-01T05:00:00Z', '6h', 'Europe/Berlin'), [
    '2024-03-30T23:00:00Z',
    '2024-03-31T05:00:00Z',
    '2024-03-31T11:00:00Z',
    '2024-03-31T17:00:00Z',
    '2024-03-31T23:00:00Z',
  ]);
});

await t.test('days follow the calendar: 23 hours in spring, 25 in autumn', async (t) => {
  t.same(starts('2024-03-30T12:00:00Z', '2024-04-01T12:00:00Z', '1d', 'Europe/Berlin'), [
    '2024-03-29T23:00:00Z',
    '2024-03-30T23:00:00Z',
    '2024-03-31T22:00:00Z',
  ]);
  t.same(starts('2024-10-27T00:00:00Z', '2024-10-28T12:00:00Z', '1d', 'Europe/Berlin'), [
    '2024-10-26T22:00:00Z',
    '2024-10-27T23:00:00Z',
  ]);
  t.same(starts('2024-03-10T05:00:00Z', '2024-03-11T05:00:00Z', '1d', 'America/New_York'), [
    '2024-03-10T05:00:00Z',
    '2024-03-11T04:00:00Z',
  ]);
  t.same(starts('2024-11-03T04:00:00Z', '2024-11-04T06:00:00Z', '1d', 'America/New_York'), [
    '2024-11-03T04:00:00Z',
    '2024-11-04T05:00:00Z',
  ]);
});

await t.test('a day begins with its first moment, also where the clock is changed at midnight', async (t) => {
  t.same(starts('2024-09-07T12:00:00Z', '2024-09-09T12:00:00Z', '1d', 'America/Santiago'), [
    '2024-09-07T04:00:00Z',
    '2024-09-08T04:00:00Z',
    '2024-09-09T03:00:00Z',
  ]);
  t.same(starts('2024-11-02T12:00:00Z', '2024-11-04T12:00:00Z', '1d', 'America/Havana'), [
    '2024-11-02T04:00:00Z',
    '2024-11-03T04:00:00Z',
    '2024-11-04T05:00:00Z',
  ]);
});

await t.test('weeks begin on Monday, months and years with their first day', async (t) => {
  t.same(starts('2024-03-27T12:00:00Z', '2024-04-08T12:00:00Z', '1w', 'Europe/Berlin'), [
    '2024-03-24T23:00:00Z',
    '2024-03-31T22:00:00Z',
    '2024-04-07T22:00:00Z',
  ]);
  t.same(starts('2024-02-10T00:00:00Z', '2024-04-02T00:00:00Z', '1mo', 'America/New_York'), [
    '2024-02-01T05:00:00Z',
    '2024-03-01T05:00:00Z',
    '2024-04-01T04:00:00Z',
  ]);
  t.same(starts('2024-02-10T00:00:00Z', '2024-08-02T00:00:00Z', '3mo'), [
    '2024-01-01T00:00:00Z',
    '2024-04-01T00:00:00Z',
    '2024-07-01T00:00:00Z',
  ]);
  t.same(starts('1999-12-31T00:00:00Z', '2001-01-02T00:00:00Z', '1y'), [
    '1999-01-01T00:00:00Z',
    '2000-01-01T00:00:00Z',
    '2001-01-01T00:00:00Z',
  ]);
});

await t.test('buckets do not depend on where in them a range begins', async (t) => {
  const zones = constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe');
  const lengths = constantFrom('1d', '3d', '1w', '2w', '1mo', '5mo', '1y');
  const minutes = integer({ min: 0, max: 60 * 24 * 365 * 60 });
  assert(
    property(zones, lengths, minutes, integer({ min: 1, max: 60 * 24 * 400 }), (tz, text, minute, length) => {
      const from = BigInt(minute) * 60_000_000_000n;
      const to = from + BigInt(length) * 60_000_000_000n;
      const every = readEvery({ every: text })!;
      const zone = readZone({ tz });
      const all = bucketStarts({ from, to }, every, zone);
      const later = all.at(-1)! > from ? all.at(-1)! : from;
      const ascending = all.every((start, index) => index === 0 || start > all[index - 1]!);
      const covers = all[0]! <= from && (all[1] ?? to) > from && all.at(-1)! < to;
      return ascending && covers && bucketStarts({ from: later, to }, every, zone)[0] === all.at(-1);
    }),
    { numRuns: 300 },
  );
  t.pass();
});

await t.test('too many buckets are refused, and the parameter named', async (t) => {
  t.throws(() => starts('1970-01-01T00:00:00Z', '2024-01-01T00:00:00Z', '1s'), {
    code: 'invalid_parameter',
    message: /^every: .*100000/,
  });
});
