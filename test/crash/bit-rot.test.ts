import t from 'tap';
import { damages, keepLog, problemWith } from './bit-rot.js';

for (const when of ['at start', 'at run'] as const) {
  t.test(`damage found ${when}, in any region of any segment, costs what it hit and nothing else`, async (t) => {
    const log = await keepLog();
    t.ok(log.contents.size >= 3, `${log.contents.size} segments`);
    let tried = 0;
    const problems: string[] = [];
    for (const damage of damages(log)) {
      const problem = await problemWith(log, damage, when);
      if (problem !== undefined) problems.push(`${damage.what}: ${problem}`);
      tried++;
    }
    t.same(problems, []);
    t.ok(tried > 500, `${tried} damages`);
  });
}
