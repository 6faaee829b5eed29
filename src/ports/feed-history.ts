/** What the feed asks of others for the history that comes before the live readings. */
import type { Cell } from './history-store.js';

/** A row as far as thinning looks at it. */
export interface ThinnedRow {
  /** The series' prefix; rows of one series have the same columns. */
  series: string;
  cells: Cell[];
}

export interface FeedHistory {
  /** A time as `/v1/history` takes it, in nanoseconds. @returns undefined for a text that is none */
  timeOf(text: string, nowMs: number): bigint | undefined;
  /** At most so many rows of each series, the extremes among them. @throws Refusal when that takes too much memory */
  thin<Row extends ThinnedRow>(chunks: AsyncIterable<Row[]>, maxPoints: number): AsyncIterable<Row[]>;
}

export interface StoreProgress {
  /** Waits until the store has what was accepted last before `position`, or the time is over. @returns whether it has */
  untilStored(position: number, timeoutMs: number): Promise<boolean>;
}
