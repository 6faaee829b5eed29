import { array, assert, constantFrom, nat, property, record, uniqueArray } from 'fast-check';
import t from 'tap';
import { Conflation, type HeldReading } from '../../src/live/conflation.js';

const reading = record({
  series: constantFrom('p', 'q'),
  ms: nat(5),
  keys: uniqueArray(constantFrom('a', 'b', 'c'), { minLength: 1 }),
});

/** For each series and field: the order of the reading with its newest value. */
function newest(readings: readonly (HeldReading & { series: string })[]): Map<string, number> {
  const best = new Map<string, HeldReading>();
  for (const one of readings) {
    for (const key of one.keys) {
      const known = best.get(`${one.series} ${key}`);
      if (!known || one.ms >= known.ms) best.set(`${one.series} ${key}`, one);
    }
  }
  return new Map([...best].map(([key, { order }]) => [key, order]));
}

await t.test('the newest value of each field of each series stays, all else is counted', async (t) => {
  assert(
    property(array(reading, { maxLength: 40 }), (sent) => {
      const conflation = new Conflation();
      const all = sent.map((one, order) => ({ ...one, order, ns: 0, text: `text ${order}` }));
      for (const one of all) conflation.add(one.series, one);
      const { readings, merged } = conflation.take();
      const kept = all.filter(({ order }) => readings.some((held) => held.order === order));
      t.equal(readings.length + merged, all.length);
      t.same(newest(kept), newest(all));
      t.ok(kept.length <= 2 * 3, 'at most one for each field of each series');
      t.ok(readings.every(({ order }, k) => k === 0 || order > readings[k - 1]!.order));
      t.ok(conflation.isEmpty);
      t.equal(conflation.bytes, 0);
    }),
    { numRuns: 300 },
  );
});
