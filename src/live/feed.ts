/**
 * The live feed of this instance. What is published in one turn of the event loop goes out together: one message for a
 * subscription, however many batches there were.
 */
import type { Inventory } from '../ports/catalog.js';
import type { Clock } from '../ports/clock.js';
import type { DurableReadings, LiveFeed, LiveFilter, Subscriber, SubscriptionHandle } from '../ports/feed.js';
import { encodeCursor } from './cursor.js';
import { CompiledFilter } from './filter.js';
import { PublishedReadings, SeriesOfLines } from './reading-json.js';
import { Subscription } from './subscription.js';

const quietMs = 30_000;

export class InstanceFeed implements LiveFeed {
  readonly #instance: string;
  readonly #inventory: Inventory;
  readonly #clock: Clock;
  readonly #subscriptions = new Set<Subscription>();
  readonly #series = new SeriesOfLines();
  #published: PublishedReadings[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #quietTimer: NodeJS.Timeout | undefined;
  #position: number;

  /** @param position how many readings the spool held at the start */
  constructor(rooms: { instance: string; inventory: Inventory; clock: Clock; position: number }) {
    this.#instance = rooms.instance;
    this.#inventory = rooms.inventory;
    this.#clock = rooms.clock;
    this.#position = rooms.position;
  }

  start(): void {
    this.#quietTimer = setInterval(() => this.#sendCursors(), quietMs / 2);
  }

  stop(): void {
    clearInterval(this.#quietTimer);
    if (this.#flushing) this.#flush();
  }

  get subscriptionCount(): number {
    return this.#subscriptions.size;
  }

  publish(readings: DurableReadings): void {
    this.#position = readings.position + readings.count;
    if (this.#subscriptions.size === 0) return;
    this.#published.push(new PublishedReadings(readings, this.#series));
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const batches = this.#published;
    this.#published = [];
    const cursorAt = (position: number) => this.#cursorAt(position);
    for (const subscription of this.#subscriptions) subscription.push(batches, cursorAt);
  }

  subscribe(
    subscriber: Subscriber,
    name: string,
    filter: LiveFilter,
    options: { snapshot: boolean },
  ): SubscriptionHandle {
    // What others are still to get belongs before this subscription's place.
    if (this.#flushing) this.#flush();
    const subscription = new Subscription(name, subscriber, new CompiledFilter(filter), this.#clock);
    return {
      name,
      cursor: this.#cursorAt(this.#position),
      begin: () => {
        if (options.snapshot) subscription.sendSnapshot(this.#inventory);
        this.#subscriptions.add(subscription);
      },
      end: () => {
        subscription.end();
        this.#subscriptions.delete(subscription);
      },
    };
  }

  #sendCursors(): void {
    const cursor = this.#cursorAt(this.#position);
    for (const subscription of this.#subscriptions) subscription.sendCursor(cursor, quietMs - 1000);
  }

  #cursorAt(position: number): string {
    return encodeCursor(new Map([[this.#instance, position]]));
  }
}
