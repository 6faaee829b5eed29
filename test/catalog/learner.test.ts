import t from 'tap';
import { collectGarbage } from '../../bench/garbage.js';
import { Learner } from '../../src/catalog/learner.js';
import { MemoryCatalog } from '../../src/catalog/memory-catalog.js';

t.test('of the texts that it learns from, a catalog keeps nothing but what is new in them', async (t) => {
  const learner = new Learner(new MemoryCatalog({ now: () => 1_700_000_000_000 }, []));
  const learn = (text: number) => {
    const lines = Array.from({ length: 5000 }, (_, row) => {
      const device = row === 2500 ? `a-device-that-is-new-in-text-${text}` : 'the-same-device';
      return `machine,device=${device} state="a state of row ${row}",a_field_of_many=1 ${1_700_000_000_000 + row}000000\n`;
    });
    learner.learn(lines.join(''), 1_700_000_000_000, text * 5000);
  };
  learn(0);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let text = 1; text <= 100; text++) learn(text);
  collectGarbage();
  const growth = process.memoryUsage().heapUsed - before;
  t.ok(growth < 4 * 1024 * 1024, 'of 100 texts of half a megabyte', { growth });
});
