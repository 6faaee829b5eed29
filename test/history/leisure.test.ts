import t from 'tap';
import { Leisure } from '../../src/history/leisure.js';

const rests = 20;

function busyFor(milliseconds: number): void {
  const beganMs = performance.now();
  while (performance.now() - beganMs < milliseconds);
}

/** @returns how often others had the loop meanwhile, a millisecond each time */
async function othersDuring(work: () => Promise<void>): Promise<number> {
  let served = 0;
  let next = setImmediate(function serve() {
    busyFor(1);
    served++;
    next = setImmediate(serve);
  });
  await work();
  clearImmediate(next);
  return served;
}

await t.test('while others have something to do, they get more of the loop than a piece takes', async (t) => {
  const leisure = new Leisure();
  const served = await othersDuring(async () => {
    for (let k = 0; k < rests; k++) await leisure.rest();
  });
  t.ok(served >= 3 * rests, 'several milliseconds in each rest', { served });
});

await t.test('where nobody has anything to do, work goes on at once, and so it does when they are done', async (t) => {
  const leisure = new Leisure();
  await othersDuring(() => leisure.rest());
  // The rest that finds that they are done is one still.
  await leisure.rest();
  let waited = 0;
  for (let k = 0; k < rests; k++) {
    let isOver = false;
    const timer = setTimeout(() => {
      if (!isOver) waited++;
    }, 4);
    await leisure.rest();
    isOver = true;
    clearTimeout(timer);
  }
  t.ok(waited < rests / 2, 'but for what a busy machine does to it', { waited });
});
