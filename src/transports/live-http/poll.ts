/**
 * /v1/live/poll: the feed for those who can only ask. With a cursor the answer is the first thing that comes behind it: a
 * message of readings, or a gap. With `snapshot` or `since` it is what these bring, written as it comes, and the cursor of
 * the place where the subscription would be live. Without any of them it is that place.
 *
 * With `presence` the answer begins with states of devices, and its cursor says up to which change. A poll with that cursor gets
 * those that changed since, at once when there are any, else as soon as one does; with another or with none, all.
 */
import type { ServerResponse } from 'node:http';
import type { Gap, SubscriptionFilter as Filter } from '../../domain/generated/live-frames.js';
import { Refusal } from '../../domain/refusal.js';
import type { FeedConnection, LiveFeed, LiveMessage, Subscriber, SubscriptionHandle } from '../../ports/feed.js';
import { subscriptionName } from './event.js';

export class Poll implements Subscriber {
  readonly #response: ServerResponse;
  readonly #feed: FeedConnection;
  /** Whether it asks for what was, and not for what comes next. */
  #isOfThePast = false;
  /** Where to go on from, as far as is known. */
  #cursor = '';
  #gap: Gap | null = null;
  #asksPresence = false;
  /** The number of the last change that was told. */
  #change = 0;
  #hasPresence = false;
  #hasReadings = false;
  #subscription: SubscriptionHandle | undefined;
  /** Whether all that comes first has come. */
  #isLive = false;
  #isAnswered = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #onSent = () => this.#feed.drained();

  constructor(response: ServerResponse, feed: LiveFeed) {
    this.#response = response;
    this.#feed = feed.connect(this);
  }

  /** @returns why not; then nothing was written */
  start(filter: Filter, waitMs: number): Refusal | undefined {
    const subscription = this.#feed.subscribe(subscriptionName, filter, { goesOnInPresence: true });
    if (subscription instanceof Refusal) {
      this.end();
      return subscription;
    }
    const { cursor, snapshot = false, history, presence = false } = filter;
    this.#subscription = subscription;
    this.#asksPresence = presence;
    this.#isOfThePast = snapshot || history !== undefined;
    this.#cursor = cursor ?? subscription.cursor;
    this.#response.setHeader('content-type', 'application/json; charset=utf-8');
    this.#response.setHeader('cache-control', 'no-store');
    const isFirst = cursor === undefined && !this.#isOfThePast;
    if (isFirst && !presence) this.#answer(subscription.cursor);
    else void this.#wait(subscription, isFirst ? 0 : Date.now() + waitMs);
    return undefined;
  }

  send(_: string, { kind, readings, cursor, gap, presence }: LiveMessage): void {
    if (this.#isAnswered || kind === 'cursor') return;
    if (presence) return this.#tell(presence);
    if (gap) this.#gap = gap;
    if (!this.#isOfThePast) return this.#answer(cursor!, readings);
    // What is accepted meanwhile comes with the next poll.
    if (kind === 'readings') return this.#answer(this.#cursor);
    if (kind === 'history' && cursor !== undefined) return this.#answer(cursor, readings);
    if (readings !== '') this.#write(readings);
  }

  unreadBytes(): number {
    return this.#response.writableLength;
  }

  tooSlow(): void {
    this.#response.destroy();
  }

  /** The service stops: what is whole is answered, and what is not is cut. */
  sendAway(): void {
    if (this.#isAnswered) return;
    if (this.#isOfThePast || (this.#hasPresence && !this.#isLive)) {
      this.#response.destroy();
      return;
    }
    this.#response.shouldKeepAlive = false;
    this.#answer(this.#cursor);
  }

  /** The connection has ended. */
  end(): void {
    clearTimeout(this.#timer);
    this.#isAnswered = true;
    this.#feed.end();
  }

  /** Nothing that there is already is passed over, however short the wait. */
  async #wait(subscription: SubscriptionHandle, deadlineMs: number): Promise<void> {
    await subscription.begin();
    if (this.#isAnswered) return;
    this.#isLive = true;
    if (this.#isOfThePast) return this.#answer(this.#cursor);
    if (this.#hasPresence) return this.#answer(subscription.reached());
    this.#timer = setTimeout(() => this.#answer(subscription.reached()), Math.max(0, deadlineMs - Date.now()));
  }

  /** States come before readings; what changes behind the first of these is for the next poll. */
  #tell({ states, change }: NonNullable<LiveMessage['presence']>): void {
    if (this.#hasReadings) return;
    this.#change = Math.max(this.#change, change);
    if (states === '') return;
    this.#response.write(`${this.#hasPresence ? ',' : '{"presence":['}${states}`, this.#onSent);
    this.#hasPresence = true;
    if (this.#isLive) this.#answer(this.#subscription!.reached());
  }

  #write(readings: string): void {
    this.#response.write(this.#begun(readings), this.#onSent);
  }

  #answer(cursor: string, readings = ''): void {
    if (this.#isAnswered) return;
    const text = readings === '' && this.#hasReadings ? '' : this.#begun(readings);
    const place = this.#asksPresence ? this.#subscription!.withChange(cursor, this.#change) : cursor;
    this.end();
    this.#response.end(`${text}],"cursor":"${place}","gap":${JSON.stringify(this.#gap)}}`);
  }

  /** With what has to stand before them. */
  #begun(readings: string): string {
    if (this.#hasReadings) return `,${readings}`;
    this.#hasReadings = true;
    const before = this.#hasPresence ? '],' : this.#asksPresence ? '{"presence":[],' : '{';
    return `${before}"readings":[${readings}`;
  }
}
