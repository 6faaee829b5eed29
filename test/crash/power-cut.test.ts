import t from 'tap';
import { judge, live, liveThroughDisposal } from './power-cut.js';

/** Bounded, so that every run of the tests can afford it. */
const lives = 6;
const stepsOfLife = 60;
const statesOfLife = 400;
const statesOfDisposal = 1500;

t.test('whatever a power cut leaves of the spool, all that was acknowledged is there', async (t) => {
  const seen = new Set<string>();
  let states = 0;
  for (let seed = 1; seed <= lives; seed++) {
    const verdict = await judge(await live(seed, stepsOfLife), statesOfLife, seen);
    states += verdict.states;
    t.same(verdict.problems, [], `life ${seed}`);
  }
  t.ok(states >= 1000, `${states} distinct states`);
});

t.test('segments that go while more is taken in leave no hole, whenever the power is cut', async (t) => {
  const { problems, states } = await judge(await liveThroughDisposal(1), statesOfDisposal, new Set());
  t.same(problems, []);
  t.ok(states >= 100, `${states} distinct states`);
});

t.test('the proof bites: it finds what is lost without each of the three that it rests on', async (t) => {
  for (const sabotage of ['no fsync', 'no directory fsync', 'cursor before the write'] as const) {
    const { problems } = await judge(await live(1, 30, sabotage), statesOfLife, new Set());
    t.ok(
      problems.some((problem) => /is missing|does not open/.test(problem)),
      `${sabotage}: ${problems[0]}`,
    );
  }
});
