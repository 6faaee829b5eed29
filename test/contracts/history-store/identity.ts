import { array, boolean, constantFrom, integer, record, sample } from 'fast-check';
import type { Test } from 'tap';
import type { Sample } from './plain-store.js';
import { second, start, Subject, type OpenStore } from './subject.js';

/** One reading for each type, device, tags and time, whatever came how often and in which order. */
export async function identityContract(t: Test, open: OpenStore): Promise<void> {
  await t.test('readings of one identity are merged by field, and the last accepted wins', async (t) => {
    const subject = await Subject.open(t, open);
    const at = { device: 'a', ts: start };
    await subject.put(t, [
      { ...at, fields: { temperature: 1, state: 'old' } },
      { ...at, fields: { temperature: 2 } },
      { ...at, tags: { site: 'lyon' }, fields: { temperature: 3 } },
    ]);
    await subject.put(t, [
      { ...at, fields: { running: true } },
      { ...at, fields: { state: 'new' } },
    ]);
    const rows = await subject.sameRows(t, 'over batches too');
    t.equal(rows.length, 2);
  });

  await t.test('one that knows positions gives history as it was before one', async (t) => {
    const subject = await Subject.open(t, open);
    const reading = (index: number, value: number): Sample => ({
      device: `d${index % 3}`,
      type: index % 2 === 0 ? 'machine' : 'pump',
      ts: start + BigInt(index) * second,
      fields: index % 4 === 0 ? { a: value, b: -value } : { a: value },
    });
    const early = Array.from({ length: 40 }, (_, index) => reading(index * 2, index));
    early.push(reading(4, 100), reading(10, 101));
    await subject.put(t, early);
    const then = await subject.rows();
    // Newer ones, late ones, and corrections: some of fields that the reading had, some of others.
    await subject.put(t, [reading(200, 1), reading(5, 2), reading(8, 3), reading(10, 4)]);
    await subject.put(t, [{ ...reading(10, 0), fields: { b: 5 } }]);
    const now = await subject.sameRows(t, 'all of it');
    const before = await subject.rows({ before: early.length });
    t.same(before, subject.store.reader.knowsPositions ? then : now);
    const desc = await subject.rows({ before: early.length, order: 'desc', limit: 7 });
    t.same(desc, before.reverse().slice(0, 7), 'in any order, with a limit');
  });

  await t.test('a batch that is written twice is stored once', async (t) => {
    const subject = await Subject.open(t, open);
    const samples = Array.from({ length: 50 }, (_, index) => ({
      device: `d${index % 5}`,
      ts: start + BigInt(index % 20) * second,
      fields: { value: index },
    }));
    await subject.put(t, samples);
    const rows = await subject.sameRows(t, 'once');
    t.same(await subject.write(samples, 0), { outcome: 'stored' });
    t.same(await subject.rows(), rows, 'twice');
  });

  await t.test('late readings take their place, and late corrections correct', async (t) => {
    const subject = await Subject.open(t, open);
    const reading = (index: number, value: number): Sample => ({
      device: `d${index % 3}`,
      ts: start + BigInt(index) * second,
      fields: { value },
    });
    await subject.put(
      t,
      [10, 11, 12, 20, 21, 22].map((index) => reading(index, index)),
    );
    await subject.put(
      t,
      [15, 2, 1, 21].map((index) => reading(index, index * 100)),
    );
    await subject.put(
      t,
      [30, 2, 12].map((index) => reading(index, index * 1000)),
    );
    await subject.sameRows(t, 'all');
    await subject.sameRows(t, 'a part without late ones', { from: start + 22n * second });
    await subject.sameRows(t, 'a part with late ones', { to: start + 12n * second });
    await subject.restart();
    await subject.sameRows(t, 'after a restart');
    await subject.put(
      t,
      [2, 40, 21].map((index) => reading(index, index * 10_000)),
    );
    await subject.sameRows(t, 'and after more');
  });

  await t.test('whatever comes in whichever order, the answer is that of a plain map', async (t) => {
    const reading = record({
      device: constantFrom('a', 'b'),
      tags: constantFrom({}, { site: 'lyon' }),
      ts: integer({ min: 0, max: 9 }).map((offset) => start + BigInt(offset)),
      fields: record({ one: integer(), two: boolean(), three: constantFrom('x', 'y') }, { requiredKeys: ['one'] }),
    });
    const batches = array(array(reading, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 5 });
    const runs = sample(batches, { numRuns: 5, seed: 7 });
    for (const [index, run] of runs.entries()) {
      const subject = await Subject.open(t, open);
      for (const samples of run) await subject.put(t, samples);
      await subject.sameRows(t, `run ${index}`);
    }
  });

  await t.test('the newest value of each field of each series is known', async (t) => {
    const subject = await Subject.open(t, open);
    await subject.put(t, [
      { device: 'a', ts: start, fields: { one: 1, two: 'x' } },
      { device: 'a', ts: start + second, fields: { one: 2 } },
      { device: 'a', tags: { site: 'lyon' }, ts: start, fields: { one: 3 } },
      { type: 'meter', device: 'a', ts: start, fields: { power: 2n ** 60n } },
    ]);
    await subject.put(t, [
      { device: 'a', ts: start - second, fields: { one: 4, three: true } },
      { device: 'a', ts: start, fields: { two: 'y' } },
    ]);
    const found: string[] = [];
    for await (const chunk of subject.store.reader.newest()) {
      for (const { type, device, tags, fields } of chunk) {
        for (const { name, kind, value, ts } of fields) {
          found.push(`${type} ${device} ${tags['site'] ?? '-'} ${name} ${kind} ${value} ${ts - start}`);
        }
      }
    }
    t.same(found.sort(), [
      'machine a - one float 2 1000000000',
      'machine a - three boolean true -1000000000',
      'machine a - two string y 0',
      'machine a lyon one float 3 0',
      'meter a - power integer 1152921504606846976 0',
    ]);
  });
}
