/** The promise of the live feed (gapless.test.ts) where it is asked for, poll by poll. */
import t from 'tap';
import { pollFeed } from './gapless/polls.js';
import { nothingIsMissing } from './gapless/property.js';

await nothingIsMissing(t, pollFeed);
