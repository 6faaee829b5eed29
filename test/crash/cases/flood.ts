import { InletProcess } from '../../servers/inlet.js';
import type { FaultCase } from '../fault-case.js';
import { attackKinds, type AttackKind } from '../flood-attack.js';
import { flooded } from '../flood.js';

/** Those whose connections cost nothing but being there are as many as PROOF asks for; the others send all they can. */
const sockets: Record<AttackKind, number> = {
  'silent sockets': 10_000,
  'a byte of headers a second': 10_000,
  'a byte of a body a second': 10_000,
  'frames in pieces of a byte': 50,
  'frames of a byte too many': 8,
  'bodies of a byte too many': 8,
  'bodies that grow a thousandfold': 4,
};
const seconds = 8;
const keptShare = 0.9;
const grownBytesAtMost = 512 * 2 ** 20;

export const flood: FaultCase = {
  name: 'flood',
  fault: 'flood',
  how:
    'beside healthy clients: 10,000 sockets that say nothing, or a byte of headers or of a body a second; frames in pieces ' +
    'of a byte; frames and bodies of a byte too many; bodies that decompress to a thousand times their size',
  unit: 'floods',
  share: 1,
  async run({ until, say }, tally) {
    const shares = new Map<AttackKind, number[]>();
    let mostGrown = 0;
    do {
      for (const kind of attackKinds) {
        const service = new InletProcess();
        await service.start();
        try {
          const outcome = await flooded(service, { kind, sockets: sockets[kind] }, seconds);
          const { quietRate, floodedRate, quietBytes, mostBytes, answers, refused } = outcome;
          const share = floodedRate / quietRate;
          const grown = mostBytes - quietBytes;
          shares.set(kind, [...(shares.get(kind) ?? []), share]);
          mostGrown = Math.max(mostGrown, grown);
          tally.tries++;
          tally.expect(share >= keptShare, `${kind}: healthy clients keep ${share.toFixed(2)} of their rate`);
          tally.expect(refused === 0, `${kind}: ${refused} batches of healthy clients were not accepted`);
          tally.expect(grown <= grownBytesAtMost, `${kind}: memory grew by ${mebibytes(grown)}`);
          tally.expectConservation(await service.stats());
          say(
            `${kind}: ${quietRate.toFixed(0)} batches/s, ${floodedRate.toFixed(0)} within it, ${mebibytes(grown)} more, ` +
              `answered ${JSON.stringify(answers)}`,
          );
        } finally {
          await service.end();
        }
      }
    } while (Date.now() < until);
    const worst = [...shares].map(([kind, all]) => `${kind} ${Math.min(...all).toFixed(2)}`);
    return [
      `Of their rate healthy clients kept at least: ${worst.join('; ')}.`,
      `Memory grew by ${mebibytes(mostGrown)} at most.`,
    ];
  },
};

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
