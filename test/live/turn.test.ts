import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { Turn } from '../../src/live/turn.js';
import { until } from '../servers/until.js';

const longMs = 60;

await t.test('what was published goes out with the next turn, all of it together', async (t) => {
  let passes = 0;
  const turn = new Turn(() => passes++);
  turn.soon();
  turn.soon();
  t.equal(passes, 0, 'there may be more in this turn');
  await nextTurn();
  t.equal(passes, 1);
  await nextTurn();
  t.equal(passes, 1, 'nothing came since');
});

await t.test('after a long pass others have the loop for as long as it took', async (t) => {
  const ranMs: number[] = [];
  const turn = new Turn(() => {
    const beganMs = performance.now();
    while (performance.now() - beganMs < longMs);
    ranMs.push(performance.now());
  });
  turn.soon();
  await nextTurn();
  t.equal(ranMs.length, 1);
  turn.soon();
  let turnsOfOthers = 0;
  while (ranMs.length < 2) {
    await nextTurn();
    turnsOfOthers++;
  }
  const [first, second] = ranMs as [number, number];
  // A timer counts in whole milliseconds of its own clock.
  t.ok(second - longMs - first >= longMs - 2, `${second - longMs - first} ms between them`);
  t.ok(turnsOfOthers > 10, `${turnsOfOthers} turns`);
});

await t.test('what has to be out before something else does not wait', async (t) => {
  let passes = 0;
  const turn = new Turn(() => {
    passes++;
    const beganMs = performance.now();
    while (performance.now() - beganMs < longMs);
  });
  turn.now();
  t.equal(passes, 0, 'nothing was published');
  turn.soon();
  turn.now();
  turn.soon();
  turn.now();
  t.equal(passes, 2);
  t.notOk(await until(async () => passes > 2, 2 * longMs), 'and not again');
});
