/** Each kind of flood in little: what it is answered, and that others are served meanwhile. `npm run test:faults -- flood` is more. */
import t from 'tap';
import { startInlet } from '../servers/inlet.js';
import { attackKinds, type AttackKind } from './flood-attack.js';
import { flooded } from './flood.js';

const seconds = 1;
/** Where there has to be an answer by then. */
const toldSeconds = 3;
const sockets = 100;
const limitBytes = 64 * 1024;
const grownBytesAtMost = 200 * 2 ** 20;

/** What the flood is told; those that only take their time are told later, by 408. */
const told: Partial<Record<AttackKind, string>> = {
  'frames in pieces of a byte': '1008',
  'frames of a byte too many': '1009',
  'bodies of a byte too many': '413',
  'bodies that grow a thousandfold': '413',
};

const service = await startInlet(t, { INLET_MAX_BODY_BYTES: `${limitBytes}` });

for (const kind of attackKinds) {
  await t.test(`${kind}: they are refused, and everybody else is served`, async (t) => {
    const few = told[kind] === undefined ? sockets : 4;
    const forSeconds = told[kind] === undefined ? seconds : toldSeconds;
    const outcome = await flooded(service, { kind, sockets: few, limitBytes }, forSeconds);
    t.equal(outcome.refused, 0);
    t.ok(outcome.floodedRate > 0);
    const grown = outcome.mostBytes - outcome.quietBytes;
    t.ok(grown < grownBytesAtMost, 'memory is bounded', { grown });
    const code = told[kind];
    // One that still sends when the answer comes may lose it: the system then resets the connection.
    const answers = Object.keys(outcome.answers).filter((answer) => answer !== 'cut');
    t.same(answers, code === undefined ? [] : [code], 'with the right code', outcome);
    t.match(await service.stats(), { streams: 0, rejected: 0 });
  });
}
