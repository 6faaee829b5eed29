/** Everything that one subscriber was told, over as many connections as it took. */
import type { Gap, SubscriptionFilter } from '../../../src/domain/generated/live-frames.js';
import { decodeCursor } from '../../../src/live/cursor.js';
import type { LiveReading } from '../live-client.js';
import { identityOf, textOf, type Accepted } from './accepted.js';

/** What all forms of the feed say, in the words of the WebSocket. */
export interface FeedMessage {
  subscribed?: { cursor: string; recovered?: boolean };
  cursor?: string;
  readings?: LiveReading[];
  conflated?: number;
  history?: { readings: LiveReading[]; done: boolean };
  gap?: Gap;
}

export interface Expectations {
  /** Whether a gap may be told at all. */
  gaps: boolean;
  /** Whether the store still has what a reading was before it was sent again. */
  storeKnowsPositions: boolean;
  /** How long the last reading may take. */
  patienceMs: number;
}

export class Journal {
  readonly request: SubscriptionFilter;
  /** Where to go on from; undefined before there is such a place. */
  cursor: string | undefined;
  #start = 0;
  /** The cursor of the first `subscribed`: a place to go on from once the history has come. */
  #begunAt = '';
  /** Gaps that were announced by `recovered: false`. */
  #gapPromised = 0;
  #history: LiveReading[] = [];
  #isHistoryDone = false;
  #live: LiveReading[] = [];
  #gaps: Gap[] = [];
  readonly #wrong: string[] = [];

  constructor(request: SubscriptionFilter) {
    this.request = request;
  }

  /** What to ask for on the next connection: to go on, or where that cannot be, all of it anew. */
  nextRequest(): SubscriptionFilter {
    if (this.cursor === undefined) {
      this.#history = [];
      this.#isHistoryDone = false;
      this.#live = [];
      this.#gaps = [];
      return this.request;
    }
    const { history: _, ...filter } = this.request;
    return { ...filter, cursor: this.cursor };
  }

  take(message: FeedMessage): void {
    const { subscribed, history, readings, conflated, gap, cursor } = message;
    if (subscribed) this.#begin(subscribed);
    if (history) {
      if (this.#isHistoryDone) this.#wrong.push('history after its end');
      this.#history.push(...history.readings);
      if (history.done) {
        this.#isHistoryDone = true;
        this.cursor ??= this.#begunAt;
      }
    }
    if (readings) {
      if (this.request.history && !this.#isHistoryDone) this.#wrong.push('live readings before the end of history');
      this.#live.push(...readings);
    }
    if (conflated !== undefined) this.#wrong.push(`${conflated} were merged away, with nobody in haste`);
    if (gap) this.#gaps.push(gap);
    if (cursor !== undefined) this.cursor = cursor;
  }

  #begin({ cursor, recovered }: NonNullable<FeedMessage['subscribed']>): void {
    const isResumed = this.cursor !== undefined;
    if (isResumed !== (recovered !== undefined)) this.#wrong.push(`recovered is ${recovered}, resumed ${isResumed}`);
    if (recovered === false) this.#gapPromised = this.#gaps.length + 1;
    if (isResumed) return;
    // Where there are two instances, one of them accepts nothing.
    this.#start = [...decodeCursor(cursor)!.values()].reduce((sum, position) => sum + position, 0);
    this.#begunAt = cursor;
    if (!this.request.history) this.cursor = cursor;
  }

  /** Whether the reading with these fields has come live. */
  hasLast(fields: LiveReading['fields']): boolean {
    const { s, n } = fields;
    return this.#live.some(({ fields }) => (n === undefined ? fields['s'] === s : fields['n'] === n));
  }

  /** What is not as it should be; undefined when every matching reading has come once, or is covered by a gap. */
  judge(accepted: Accepted, expectations: Expectations): string | undefined {
    if (this.#wrong.length > 0) return this.#wrong.join('; ');
    if (this.#gaps.length < this.#gapPromised) return 'not recovered, and no gap was told';
    if (this.#gaps.length > 0 && !expectations.gaps) return `a gap: ${JSON.stringify(this.#gaps)}`;
    return this.#judgeLive(accepted) ?? this.#judgeHistory(accepted, expectations);
  }

  /** Everything since the start, in order, but what gaps cover; and a gap has something to cover. */
  #judgeLive(accepted: Accepted): string | undefined {
    const expected = accepted.seenBy(this.request, this.#start);
    const missing: LiveReading[] = [];
    let next = 0;
    for (const reading of expected) {
      if (next < this.#live.length && textOf(this.#live[next]!) === textOf(reading)) next++;
      else missing.push(reading);
    }
    if (next < this.#live.length) {
      return `live reading ${next} of ${this.#live.length} should not be there: ${textOf(this.#live[next]!)}`;
    }
    const bare = missing.filter(({ ts }) => !this.#gaps.some((gap) => covers(gap, ts)));
    if (bare.length > 0) return `${bare.length} of ${expected.length} are missing, first ${textOf(bare[0]!)}`;
    return undefined;
  }

  #judgeHistory(accepted: Accepted, { storeKnowsPositions }: Expectations): string | undefined {
    if (!this.request.history) return undefined;
    if (!this.#isHistoryDone) return 'history did not end';
    const sinceMs = Number(this.request.history.since);
    const expected = new Map<string, LiveReading>();
    for (const reading of accepted.seenBy(this.request, 0, this.#start)) {
      if (reading.ts < sinceMs) continue;
      const known = expected.get(identityOf(reading));
      expected.set(identityOf(reading), { ...reading, fields: { ...known?.fields, ...reading.fields } });
    }
    // Another store has only what a reading is now: what was sent again since the start comes live.
    const again = new Set(storeKnowsPositions ? [] : accepted.seenBy(this.request, this.#start).map(identityOf));
    let lastTs = 0;
    for (const reading of this.#history) {
      const same = expected.get(identityOf(reading));
      expected.delete(identityOf(reading));
      if (!same || textOf(same) !== textOf(reading)) return `history should not have ${textOf(reading)}`;
      if (reading.ts < lastTs) return `history is out of order at ${textOf(reading)}`;
      lastTs = reading.ts;
    }
    const missing = [...expected].filter(([identity]) => !again.has(identity));
    if (missing.length > 0) return `history lacks ${missing.length}, first ${missing[0]![0]}`;
    return undefined;
  }
}

function covers({ fromTs, toTs }: Gap, ts: number): boolean {
  return (fromTs ?? -Infinity) <= ts && ts <= (toTs ?? Infinity);
}
