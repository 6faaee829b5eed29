import { array, assert, constantFrom, nat, property, record, uniqueArray } from 'fast-check';
import t from 'tap';
import { Conflation, type HeldReading } from '../../src/live/conflation.js';

const reading = record({
  series: constantFrom('p', 'q'),
  ms: nat(5),
  keys: uniqueArray(constantFrom('a', 'b', 'c'), { minLength: 1 }),
});

/** For each series and field: the position of the reading with its newest value. */
function newest(readings: readonly (HeldReading & { series: string })[]): Map<string, number> {
  const best = new Map<string, HeldReading>();
  for (const one of readings) {
    for (const key of one.keys) {
      const known = best.get(`${one.series} ${key}`);
      if (!known || one.ms >= known.ms) best.set(`${one.series} ${key}`, one);
    }
  }
  return new Map([...best].map(([key, { position }]) => [key, position]));
}

await t.test('the newest value of each field of each series stays, all else is counted', async (t) => {
  assert(
    property(array(reading, { maxLength: 40 }), (sent) => {
      const conflation = new Conflation();
      const all = sent.map((one, position) => ({ ...one, position, ns: 0, text: `text ${position}` }));
      for (const one of all) conflation.add(one.series, one);
      const { readings, merged } = conflation.take();
      const kept = all.filter(({ position }) => readings.some((held) => held.position === position));
      t.equal(readings.length + merged, all.length);
      t.same(newest(kept), newest(all));
      t.ok(kept.length <= 2 * 3, 'at most one for each field of each series');
      t.ok(readings.every(({ position }, k) => k === 0 || position > readings[k - 1]!.position));
      t.ok(conflation.isEmpty);
      t.equal(conflation.bytes, 0);
    }),
    { numRuns: 300 },
  );
});
