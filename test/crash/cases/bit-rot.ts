import { damages, keepLog, problemWith } from '../bit-rot.js';
import type { FaultCase } from '../fault-case.js';

export const bitRot: FaultCase = {
  name: 'bit-rot',
  fault: 'bit rot',
  how:
    'each field of the file header and of the first, middle and last records of every segment, and payloads: bits flipped, ' +
    'bytes zeroed, the file cut there; found at start, and while it runs',
  unit: 'damages',
  share: 1,
  async run({ say }, tally) {
    const log = await keepLog();
    for (const when of ['at start', 'at run'] as const) {
      for (const damage of damages(log)) {
        const problem = await problemWith(log, damage, when);
        tally.tries++;
        tally.expect(problem === undefined, `${damage.what}, found ${when}: ${problem}`);
        if (problem?.includes('is missing')) tally.lost++;
      }
      say(`${tally.tries} damages`);
    }
    tally.acked = log.head;
    return [
      'Of the last group in the newest segment nothing behind it shows that it was durable: damage there is cut off as an ' +
        'interrupted write, which a line of the log tells.',
    ];
  },
};
