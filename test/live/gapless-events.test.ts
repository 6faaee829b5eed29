/** The promise of the live feed (gapless.test.ts) where it comes as server-sent events. */
import t from 'tap';
import { eventFeed } from './gapless/events.js';
import { nothingIsMissing } from './gapless/property.js';

await nothingIsMissing(t, eventFeed);
