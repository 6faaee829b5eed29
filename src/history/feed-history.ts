/** What history does for the live feed, so that `history.since` and `maxPoints` mean there what they mean here. */
import type { FeedHistory } from '../ports/feed-history.js';
import { extremesOf } from './extremes.js';
import { parseTime } from './time-range.js';

export const feedHistory: FeedHistory = { timeOf: parseTime, thin: extremesOf };
