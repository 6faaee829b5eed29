/** A short form of a fault's row, for every run of the tests. */
import type { Test } from 'tap';
import type { FaultCase } from './fault-case.js';
import { Tally } from './tally.js';

export function faultTest(t: Test, promise: string, fault: FaultCase, seconds: number): void {
  void t.test(promise, async (t) => {
    const tally = new Tally();
    const seed = Date.now() % 1_000_000;
    const notes = await fault.run({ until: Date.now() + seconds * 1000, seed, say: () => undefined }, tally);
    t.same(tally.problems, [], `seed ${seed}`);
    t.match(tally, { lost: 0, doubled: 0, wrong: 0 });
    t.ok(tally.tries > 0, `${tally.tries} tries, ${tally.acked} readings. ${notes.join(' ')}`);
  });
}
