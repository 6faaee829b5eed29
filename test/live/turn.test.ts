import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { Turn } from '../../src/live/turn.js';
import { until } from '../servers/until.js';

const stepMs = 20;

function busyFor(milliseconds: number): void {
  const beganMs = performance.now();
  while (performance.now() - beganMs < milliseconds);
}

/** Steps that take long, so that each is a slice of its own. */
class LongSteps {
  begun = 0;
  left = 0;
  readonly beganMs: number[] = [];
  readonly endedMs: number[] = [];

  begin(): void {
    this.begun++;
  }

  step(): boolean {
    this.beganMs.push(performance.now());
    busyFor(stepMs);
    this.endedMs.push(performance.now());
    return --this.left > 0;
  }
}

await t.test('what was published goes out with the next turn, all of it together', async (t) => {
  let steps = 0;
  let begun = 0;
  const turn = new Turn({ begin: () => begun++, step: () => ++steps % 10 > 0 });
  turn.soon();
  turn.soon();
  t.same([begun, steps], [0, 0], 'there may be more in this turn');
  await nextTurn();
  t.same([begun, steps], [1, 10]);
  await nextTurn();
  t.same([begun, steps], [1, 10], 'nothing came since');
});

await t.test('what takes long is done in slices, and each takes in what was published meanwhile', async (t) => {
  const steps = new LongSteps();
  const turn = new Turn(steps);
  steps.left = 3;
  turn.soon();
  await nextTurn();
  t.same([steps.begun, steps.left], [1, 2], 'others have the loop in between');
  t.ok(await until(async () => steps.left === 0));
  t.equal(steps.begun, 3);
});

await t.test('others that have something to do have the loop for as long as a slice took', async (t) => {
  const steps = new LongSteps();
  const turn = new Turn(steps);
  steps.left = 2;
  turn.soon();
  await nextTurn();
  let turnsOfOthers = 0;
  for (; steps.left > 0; turnsOfOthers++) {
    busyFor(1);
    await nextTurn();
  }
  const restMs = steps.beganMs[1]! - steps.endedMs[0]!;
  t.ok(restMs >= stepMs, `${restMs} ms between them`);
  t.ok(turnsOfOthers > 1, `${turnsOfOthers} turns`);
});

await t.test('nobody waits where others have nothing to do', async (t) => {
  const steps = new LongSteps();
  const turn = new Turn(steps);
  steps.left = 2;
  turn.soon();
  await nextTurn();
  let turns = 0;
  for (; steps.left > 0; turns++) await nextTurn();
  // A rest as long as the slice would be thousands.
  t.ok(turns < 100, `${turns} turns of the loop between two slices`);
});

await t.test('what has to be out before something else does not wait', async (t) => {
  const steps = new LongSteps();
  const turn = new Turn(steps);
  turn.now();
  t.equal(steps.begun, 0, 'nothing was published');
  for (let round = 0; round < 2; round++) {
    steps.left = 2;
    turn.soon();
    turn.now();
    t.equal(steps.left, 0);
  }
  t.equal(steps.begun, 2);
  t.notOk(await until(async () => steps.begun > 2, 2 * stepMs), 'and not again');
});

await t.test('what comes while something goes out is not forgotten', async (t) => {
  const seen: string[] = [];
  const turn: Turn = new Turn({
    begin: () => seen.push('begin'),
    step: () => {
      if (seen.length === 1) turn.soon();
      return false;
    },
  });
  turn.soon();
  await nextTurn();
  await nextTurn();
  t.same(seen, ['begin', 'begin']);
});
