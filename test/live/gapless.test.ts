/**
 * The promise of the live feed: a subscriber ends with each matching reading once, whatever happened on the way, or with a
 * gap notice that covers what it lacks.
 */
import { asyncProperty, check } from 'fast-check';
import t from 'tap';
import { nothingIsMissing, openService } from './gapless/property.js';
import { commands, Runs } from './gapless/run.js';
import { sabotages, webSocketFeed } from './gapless/subject.js';

/** A sabotage may need some runs until one hits upon it. */
const sabotageRuns = 60;

await nothingIsMissing(t, webSocketFeed);

for (const [name, subject] of Object.entries(sabotages)) {
  await t.test(`it would be seen if the feed ${name}`, async (t) => {
    const all = new Runs(await openService(t), subject, { gaps: false, storeKnowsPositions: true, patienceMs: 2_000 });
    let wrong: string | undefined;
    const { failed } = await check(
      asyncProperty(commands, async (commands) => {
        wrong = await all.run(commands);
        return wrong === undefined;
      }),
      { numRuns: sabotageRuns, endOnFailure: true },
    );
    t.ok(failed);
    t.match(wrong, /missing|lacks/);
  });
}
