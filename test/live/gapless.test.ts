/**
 * The promise of the live feed: a subscriber ends with each matching reading once, whatever happened on the way, or with a
 * gap notice that covers what it lacks.
 */
import { asyncProperty, check } from 'fast-check';
import t from 'tap';
import { nothingIsMissing, openService } from './gapless/property.js';
import { commands, Runs, type Command } from './gapless/run.js';
import { sabotages, webSocketFeed } from './gapless/subject.js';

/** A sabotage may need some runs until one hits upon it. */
const sabotageRuns = 60;

/** Somebody who comes back to something new: a resume that is not quite right shows at once. */
const comingBack: Command[] = [
  { do: 'subscribe', filter: 0, since: 'none' },
  { do: 'ingest', device: 0, type: 0, count: 2, way: 'new' },
  { do: 'breathe' },
  { do: 'cut', subscriber: 0 },
  { do: 'ingest', device: 0, type: 0, count: 1, way: 'new' },
  { do: 'breathe' },
  { do: 'cut', subscriber: 0 },
];

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
      { numRuns: sabotageRuns, endOnFailure: true, examples: [[comingBack]] },
    );
    t.ok(failed);
    t.match(wrong, /missing|lacks/);
  });
}
