/** /v1/live as server-sent events: one subscription for as long as the connection lasts. */
import type { ServerResponse } from 'node:http';
import type { SubscriptionFilter as Filter } from '../../domain/generated/live-frames.js';
import { Refusal } from '../../domain/refusal.js';
import { nowhere, type OnWheel } from '../../domain/wheel.js';
import type { FeedConnection, LiveFeed, LiveMessage, Subscriber } from '../../ports/feed.js';
import { comment, eventOf, place, retryAfter, subscribedEvent, subscriptionName } from './event.js';

/** After a break nobody foresaw, streams come back over this time. */
const shortestRetryMs = 1_000;
const retrySpreadMs = 2_000;

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // nginx hands each event on as it comes.
  'x-accel-buffering': 'no',
  // It ends when the service stops, and no other request is to follow on it.
  connection: 'close',
};

export interface EventStreamRooms {
  feed: LiveFeed;
  countMessage: () => void;
}

export class EventStream implements Subscriber, OnWheel {
  slot = nowhere;
  readonly #response: ServerResponse;
  readonly #countMessage: () => void;
  readonly #feed: FeedConnection;
  readonly #onSent = () => this.#feed.drained();

  constructor(response: ServerResponse, { feed, countMessage }: EventStreamRooms) {
    this.#response = response;
    this.#countMessage = countMessage;
    this.#feed = feed.connect(this);
  }

  /** @param lastEventId where to go on from, whatever the filter says. @returns why not; then nothing was written */
  start(filter: Filter, lastEventId: string | undefined): Refusal | undefined {
    const { history, snapshot, cursor, ...rest } = filter;
    const request = lastEventId === undefined ? filter : { ...rest, cursor: lastEventId };
    const subscription = this.#feed.subscribe(subscriptionName, request, { takesAnyCursor: lastEventId !== undefined });
    if (subscription instanceof Refusal) {
      this.end();
      return subscription;
    }
    this.#response.writeHead(200, headers);
    const isAtItsPlace = lastEventId === undefined && cursor === undefined && !history && !snapshot;
    this.#write(
      retryAfter(shortestRetryMs + Math.floor(Math.random() * retrySpreadMs)) +
        subscribedEvent(subscription) +
        // Nothing is to come first: a break before the first reading loses nothing either.
        (isAtItsPlace ? place(subscription.cursor) : ''),
    );
    this.#countMessage();
    void subscription.begin();
    return undefined;
  }

  send(_: string, message: LiveMessage): void {
    this.#write(eventOf(message));
    this.#countMessage();
  }

  unreadBytes(): number {
    return this.#response.writableLength;
  }

  tooSlow(): void {
    this.#response.destroy();
  }

  /** Shows proxies and the other side that the connection lives. What waits to be read shows it as well. */
  comment(): void {
    if (this.unreadBytes() === 0) this.#write(comment);
  }

  /** A browser comes back by itself, with the last `id` that it had. */
  sendAway(delayMs: number): void {
    this.end();
    this.#response.end(retryAfter(delayMs));
  }

  /** The connection has ended. */
  end(): void {
    this.#feed.end();
  }

  #write(text: string | Buffer): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    this.#response.write(text, this.#onSent);
  }
}
