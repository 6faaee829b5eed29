/**
 * The live feed of this instance. What is published in one turn of the event loop goes out together: one message for all
 * subscriptions that are to see the same, however many batches there were.
 *
 * A place in it is a position in the spool, and the spool is its memory: who comes back with a cursor gets from there what
 * was accepted since, until nothing lies between that and what is published.
 */
import { Refusal } from '../domain/refusal.js';
import type { SubscriptionFilter } from '../domain/generated/live-frames.js';
import type { DurableReadings, FeedConnection, LiveFeed, Subscriber } from '../ports/feed.js';
import { Audience } from './audience.js';
import { Changes } from './changes.js';
import { Connection, type ConnectionRooms, type Resumption } from './connection.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { CompiledFilter } from './filter.js';
import { FilterIndex } from './filter-index.js';
import { FeedMemory } from './memory.js';
import { FeedPast, type PastRooms } from './past.js';
import { Readings, type Chooses } from './readings.js';
import { SeriesDirectory } from './series.js';
import type { Subscription } from './subscription.js';

const quietMs = 30_000;
const checkEveryMs = 1_000;

export interface FeedRooms extends PastRooms {
  instance: string;
  /** How many readings the spool held at the start. */
  position: number;
}

export class InstanceFeed implements LiveFeed {
  readonly #rooms: FeedRooms;
  readonly #directory = new SeriesDirectory();
  readonly #index = new FilterIndex();
  readonly #memory: FeedMemory;
  readonly #past: FeedPast;
  readonly #changes = new Changes();
  readonly #audiences = new Map<string, Audience>();
  readonly #connections = new Set<Connection>();
  #changeAudiences = 0;
  /** What changed in the reading at hand, once somebody asked. */
  #change: Chooses | undefined;
  #subscriptionCount = 0;
  #published: Readings[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #quietTimer: NodeJS.Timeout | undefined;
  #checkTimer: NodeJS.Timeout | undefined;
  /** Behind what went out. */
  #position: number;

  constructor(rooms: FeedRooms) {
    this.#rooms = rooms;
    this.#position = rooms.position;
    this.#memory = new FeedMemory(rooms.spool, this.#directory);
    this.#past = new FeedPast(rooms, this.#memory, this.#directory);
  }

  start(): void {
    this.#quietTimer = setInterval(() => this.#sendCursors(), quietMs / 2);
    this.#checkTimer = setInterval(() => this.#checkConnections(), checkEveryMs);
  }

  stop(): void {
    clearInterval(this.#quietTimer);
    clearInterval(this.#checkTimer);
    if (this.#flushing) this.#flush();
  }

  get subscriptionCount(): number {
    return this.#subscriptionCount;
  }

  publish(readings: DurableReadings): void {
    if (this.#subscriptionCount === 0 && this.#published.length === 0) {
      this.#position = readings.position + readings.count;
      return;
    }
    this.#published.push(new Readings(readings, this.#directory));
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  refuse(request: SubscriptionFilter): Refusal | undefined {
    return this.#refuse(request, false);
  }

  connect(subscriber: Subscriber): FeedConnection {
    const connection = new Connection(subscriber, this.#connectionRooms(), (ended) => this.#connections.delete(ended));
    this.#connections.add(connection);
    return connection;
  }

  #refuse({ cursor, history, snapshot }: SubscriptionFilter, takesAnyCursor: boolean): Refusal | undefined {
    if (cursor !== undefined && (history !== undefined || snapshot === true))
      return new Refusal(
        'invalid_filter',
        'cursor: goes on from a place, so nothing can come before it: no history, no snapshot',
      );
    if (cursor !== undefined && !takesAnyCursor && !decodeCursor(cursor))
      return new Refusal('invalid_cursor', 'cursor: is not one of ours');
    if (history !== undefined && this.#past.timeOf(history.since) === undefined)
      return new Refusal('invalid_filter', 'history.since must be RFC 3339, integer milliseconds, now or as -15m');
    return undefined;
  }

  /** Sends what was published to all who are live. */
  #flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const published = this.#published;
    this.#published = [];
    const touched: Audience[] = [];
    for (const readings of published) {
      for (let index = 0; index < readings.count; index++) this.#distribute(readings, index, touched);
      this.#memory.remember(readings);
    }
    this.#position = published.at(-1)?.end ?? this.#position;
    for (const audience of touched) audience.deliver(this.#position, this.#cursorAt);
  }

  #distribute(readings: Readings, index: number, touched: Audience[]): void {
    const { named, others } = this.#index.matchesOf(readings.seriesOf(index));
    this.#change = undefined;
    this.#add(this.#index.everything, readings, index, touched);
    if (named) this.#add(named.audiences, readings, index, touched);
    this.#add(others.audiences, readings, index, touched);
  }

  #add(audiences: readonly Audience[], readings: Readings, index: number, touched: Audience[]): void {
    for (const audience of audiences) {
      if (audience.onChange) this.#change ??= this.#changes.of(readings, index);
      if (audience.live.size > 0 && audience.add(readings, index, audience.onChange ? this.#change : undefined))
        touched.push(audience);
    }
  }

  #connectionRooms(): ConnectionRooms {
    return {
      memory: this.#memory,
      past: this.#past,
      inventory: this.#rooms.inventory,
      clock: this.#rooms.clock,
      position: () => this.#position,
      cursorAt: this.#cursorAt,
      refuse: (request, takesAnyCursor) => this.#refuse(request, takesAnyCursor),
      resume: (cursor) => this.#resume(cursor),
      flush: () => {
        if (this.#flushing) this.#flush();
      },
      enter: (request) => this.#enter(request),
      join: (subscription) => subscription.audience.live.add(subscription),
      leave: (subscription) => this.#leave(subscription),
      failed: (error) => this.#rooms.log.error({ err: error }, 'a live subscription broke'),
    };
  }

  #resume(cursor: string): Resumption {
    const position = decodeCursor(cursor)?.get(this.#rooms.instance);
    if (position === undefined || position > this.#position)
      return { from: this.#position, gap: { fromTs: null, toTs: null, reason: 'unknown_cursor' } };
    const { tail } = this.#memory;
    if (position >= tail) return { from: position, gap: undefined };
    return { from: tail, gap: { fromTs: null, toTs: null, reason: 'cursor_too_old' } };
  }

  #enter({ devices, types, fields, tags, onChange = false }: SubscriptionFilter): Audience {
    const key = JSON.stringify([devices, types, fields, tags && Object.entries(tags), onChange]);
    let audience = this.#audiences.get(key);
    if (!audience) {
      const filter = new CompiledFilter({
        ...(devices && { devices }),
        ...(types && { types }),
        ...(fields && { fields }),
        ...(tags && { tags }),
      });
      audience = new Audience(key, filter, onChange);
      this.#audiences.set(key, audience);
      this.#index.add(audience);
      if (onChange) {
        this.#changeAudiences++;
        this.#changes.learn(this.#rooms.inventory, filter);
      }
    }
    audience.members++;
    this.#subscriptionCount++;
    return audience;
  }

  #leave(subscription: Subscription): void {
    const { audience } = subscription;
    audience.live.delete(subscription);
    this.#subscriptionCount--;
    if (this.#subscriptionCount === 0) this.#memory.forgetRecent();
    if (--audience.members > 0) return;
    this.#audiences.delete(audience.key);
    this.#index.remove(audience);
    if (audience.onChange && --this.#changeAudiences === 0) this.#changes.forget();
  }

  #sendCursors(): void {
    const cursor = this.#cursorAt(this.#position);
    for (const audience of this.#audiences.values())
      for (const subscription of audience.live) subscription.sendCursor(cursor, quietMs - 1000);
  }

  #checkConnections(): void {
    const now = this.#rooms.clock.now();
    for (const connection of this.#connections) connection.check(now);
  }

  readonly #cursorAt = (position: number): string => encodeCursor(new Map([[this.#rooms.instance, position]]));
}
