import type { FaultCase } from '../fault-case.js';
import { judge, live, liveThroughDisposal } from '../power-cut.js';

const stepsOfLife = 60;
const statesOfLife = 1200;
/** One of so many is one in which many segments go at once. */
const livesPerDisposal = 5;

export const powerCut: FaultCase = {
  name: 'power-cut',
  fault: 'power cut, torn write',
  how:
    'a file layer that records every write, fsync, rename and unlink of append, rotate, deliver, commit and delete; every ' +
    'distinct state in which the disk may be left: unsynced writes dropped, kept, or torn at 512 B and 4 KiB',
  unit: 'distinct states',
  share: 2,
  async run({ until, seed, say }, tally) {
    const seen = new Set<string>();
    for (let number = 0; Date.now() < until; number++) {
      const isDisposal = number % livesPerDisposal === livesPerDisposal - 1;
      const life = isDisposal ? await liveThroughDisposal(seed + number) : await live(seed + number, stepsOfLife);
      const { states, problems, acked } = await judge(life, statesOfLife, seen);
      tally.tries += states;
      tally.acked += acked;
      tally.lost += problems.filter((problem) => problem.includes('is missing')).length;
      tally.wrong += problems.filter((problem) => !problem.includes('is missing')).length;
      tally.note(...problems);
      if (number % 5 === 4) say(`${tally.tries} states`);
    }
    return [
      'The proof of the power cut ends at the spool: once delivered, a reading is as durable as the store makes it.',
    ];
  },
};
