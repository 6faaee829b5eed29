import { array, assert, constantFrom, dictionary, nat, oneof, property, record, option } from 'fast-check';
import t from 'tap';
import { Audience } from '../../src/live/audience.js';
import { CompiledFilter } from '../../src/live/filter.js';
import { FilterIndex } from '../../src/live/filter-index.js';
import { SeriesDirectory } from '../../src/live/series.js';
import type { LiveFilter } from '../../src/ports/feed.js';

class CountingFilter extends CompiledFilter {
  asked = 0;

  override matches(...series: Parameters<CompiledFilter['matches']>): boolean {
    this.asked++;
    return super.matches(...series);
  }
}

function audience(filter: LiveFilter): Audience {
  return new Audience(JSON.stringify(filter), new CountingFilter(filter), false);
}

const name = constantFrom('a1', 'a2', 'b1', 'b2', 'c');
const pattern = oneof(name, constantFrom('a*', '*1', '*', 'b*2'));
const filter = record(
  {
    devices: array(pattern, { minLength: 1, maxLength: 3 }),
    types: array(pattern, { minLength: 1, maxLength: 2 }),
    tags: dictionary(constantFrom('site', 'line'), pattern, { minKeys: 1 }),
  },
  { requiredKeys: [] },
);
const step = oneof(
  record({ add: filter }),
  record({ remove: nat(20) }),
  record({ series: record({ device: name, type: name, site: option(name) }) }),
);

await t.test('the index finds exactly the audiences that match, however they come and go', async (t) => {
  assert(
    property(array(step, { maxLength: 60 }), (steps) => {
      const index = new FilterIndex();
      const directory = new SeriesDirectory();
      const present: Audience[] = [];
      for (const step of steps) {
        if ('add' in step) {
          const added = audience(step.add);
          present.push(added);
          index.add(added);
        } else if ('remove' in step) {
          const [removed] = present.splice(step.remove, 1);
          if (removed) index.remove(removed);
        } else {
          const { device, type, site } = step.series;
          const series = directory.of(`${type},device=${device}${site === null ? '' : `,site=${site}`}`);
          const { named, others } = index.matchesOf(series);
          const found = [...index.everything, ...(named?.audiences ?? []), ...others.audiences];
          const expected = present.filter(({ filter }) => new CompiledFilter(filter.source).matches(series));
          if (found.length !== expected.length || expected.some((one) => !found.includes(one))) return false;
        }
      }
      return true;
    }),
    { numRuns: 500 },
  );
  t.pass();
});

await t.test('5,000 audiences of one device each cost a series its own only', async (t) => {
  const index = new FilterIndex();
  const directory = new SeriesDirectory();
  const audiences = Array.from({ length: 5000 }, (_, k) => audience({ devices: [`d${k}`] }));
  for (const one of audiences) index.add(one);
  for (let round = 0; round < 3; round++) {
    const { named, others } = index.matchesOf(directory.of('m,device=d7'));
    t.same([named?.audiences.length, others.audiences.length], [1, 0]);
  }
  const asked = audiences.reduce((sum, { filter }) => sum + (filter as CountingFilter).asked, 0);
  t.equal(asked, 1, 'and each is asked once');
});

await t.test('a pattern is asked once for each series, also when others come and go', async (t) => {
  const index = new FilterIndex();
  const directory = new SeriesDirectory();
  const wide = audience({ devices: ['d*'] });
  index.add(wide);
  for (let k = 0; k < 50; k++) {
    for (let device = 0; device < 10; device++) index.matchesOf(directory.of(`m,device=d${device}`));
    const passing = audience({ types: ['m*'], devices: [`d${k}*`] });
    index.add(passing);
    index.matchesOf(directory.of('m,device=d1'));
    index.remove(passing);
  }
  t.equal((wide.filter as CountingFilter).asked, 10);
});
