/**
 * The live feed: what this instance has accepted, and what others have that share theirs with it. What is published in one turn
 * of the event loop is taken in together, and is then on its way to all subscriptions that are to see it.
 *
 * A place in it is a position in the spool of each instance, and the spools are its memory: who comes back with a cursor gets
 * from there what was accepted since, until nothing lies between that and what is published.
 */
import { Refusal } from '../domain/refusal.js';
import type { SubscriptionFilter } from '../domain/generated/live-frames.js';
import type { DurableReadings, ReadingLines, FeedConnection, LiveFeed, Subscriber } from '../ports/feed.js';
import type { PresenceChange } from '../ports/presence.js';
import { Audiences } from './audiences.js';
import { Connection, type ConnectionRooms } from './connection.js';
import { decodeCursor } from './cursor.js';
import { FeedMemory, peerBounds } from './memory.js';
import type { Origin } from './origin.js';
import { FeedPast, type PastRooms } from './past.js';
import { Place } from './place.js';
import { PresenceDesk } from './presence-desk.js';
import { Readings } from './readings.js';
import { resumption } from './resumption.js';
import type { Passage } from './selected.js';
import { SeriesDirectory } from './series.js';
import type { PeerSource } from './source.js';
import type { SharedFeed } from './shared-feed.js';
import { Turn } from './turn.js';

const quietMs = 30_000;
const checkEveryMs = 1_000;

/** How long those who wait for other instances wait before they look again. */
const lookAgainMs = 200;

export interface FeedRooms extends PastRooms {
  /** How many readings the spool held at the start. */
  position: number;
}

export class InstanceFeed implements LiveFeed, SharedFeed {
  readonly #rooms: FeedRooms;
  readonly #directory = new SeriesDirectory();
  readonly #audiences: Audiences;
  readonly #presence = new PresenceDesk(this.#directory);
  readonly #memory: FeedMemory;
  readonly #origins = new Map<string, Origin>();
  readonly #past: FeedPast;
  readonly #connections = new Set<Connection>();
  #published: Passage[] = [];
  readonly #turn = new Turn({
    begin: () => this.#takeIn(),
    step: () => this.#audiences.serveNext(this.#place),
  });
  #quietTimer: NodeJS.Timeout | undefined;
  #checkTimer: NodeJS.Timeout | undefined;
  /** Behind what was published. */
  #publishedTo: Place;
  /** Behind what was taken in: those that are live have got it, or it is on its way to them. */
  #place: Place;
  /** Whether all instances are known that others may have had readings of. */
  #knowsAll = true;
  #wakers: (() => void)[] = [];
  #wakeTimer: NodeJS.Timeout | undefined;

  constructor(rooms: FeedRooms) {
    this.#rooms = rooms;
    const { instance, spool } = rooms;
    this.#place = this.#publishedTo = Place.of(instance, rooms.position);
    this.#audiences = new Audiences(rooms.inventory);
    this.#memory = new FeedMemory(instance, spool, this.#directory);
    this.#origins.set(instance, { name: instance, memory: this.#memory, peer: undefined });
    this.#past = new FeedPast(rooms, this.#origins, this.#directory);
  }

  start(): void {
    this.#quietTimer = setInterval(() => this.#sendCursors(), quietMs / 2);
    this.#checkTimer = setInterval(() => this.#checkConnections(), checkEveryMs);
  }

  stop(): void {
    clearInterval(this.#quietTimer);
    clearInterval(this.#checkTimer);
    this.#turn.now();
    this.#wake();
  }

  get subscriptionCount(): number {
    return this.#audiences.members;
  }

  publish(readings: DurableReadings): void {
    const { instance } = this.#rooms;
    if (this.subscriptionCount === 0 && this.#published.length === 0) {
      this.#place = this.#publishedTo = this.#place.with(instance, readings.position + readings.count);
      return;
    }
    this.#publish(new Readings(instance, readings, this.#directory));
  }

  #publish(readings: Readings): void {
    this.#published.push({ readings, base: this.#publishedTo });
    this.#publishedTo = this.#publishedTo.with(readings.origin, readings.end);
    this.#turn.soon();
  }

  addPeer(name: string, position: number, peer: PeerSource): void {
    const memory = new FeedMemory(name, peer, this.#directory, peerBounds);
    this.#origins.set(name, { name, memory, peer });
    this.#moveTo(name, position, position > 0);
  }

  publishOf(name: string, readings: ReadingLines): void {
    const origin = this.#origins.get(name)!;
    // Kept whether anybody looks or not: the other instance may be gone when it is asked for.
    if (this.subscriptionCount > 0 || this.#published.length > 0)
      return this.#publish(new Readings(name, readings, this.#directory));
    const kept = new Readings(name, readings, this.#directory);
    origin.memory.remember(kept);
    this.#place = this.#publishedTo = this.#place.with(name, kept.end);
  }

  losePeer(name: string, position: number): void {
    this.#moveTo(name, position, true);
  }

  forgetPeer(name: string): void {
    this.#turn.now();
    this.#origins.delete(name);
    this.#place = this.#publishedTo = this.#place.without(name);
  }

  knowsAll(isSo: boolean): void {
    this.#knowsAll = isSo;
  }

  /** What lies before the position is not to come any more. */
  #moveTo(name: string, position: number, isMissed: boolean): void {
    this.#turn.now();
    this.#place = this.#publishedTo = this.#place.with(name, position);
    if (isMissed) for (const { live } of this.#audiences) for (const one of live) one.miss('bus', this.#place);
    this.#wake();
  }

  tellPresence(change: PresenceChange): void {
    if (this.#presence.tell(change)) this.#turn.soon();
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

  /** From here on what was published is on its way to all who are live. */
  #takeIn(): void {
    this.#presence.deliver();
    if (this.#published.length === 0) return;
    const published = this.#published;
    this.#published = [];
    for (const passage of published) {
      const { readings } = passage;
      for (let index = 0; index < readings.count; index++) this.#audiences.add(passage, index);
      this.#origins.get(readings.origin)?.memory.remember(readings);
    }
    this.#place = this.#publishedTo;
    this.#wake();
  }

  async #untilPublished(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakers.push(resolve);
      this.#wakeTimer ??= setTimeout(() => this.#wake(), lookAgainMs);
    });
  }

  #wake(): void {
    clearTimeout(this.#wakeTimer);
    this.#wakeTimer = undefined;
    for (const wake of this.#wakers.splice(0)) wake();
  }

  #connectionRooms(): ConnectionRooms {
    return {
      origins: this.#origins,
      past: this.#past,
      inventory: this.#rooms.inventory,
      clock: this.#rooms.clock,
      instance: this.#rooms.instance,
      presence: this.#presence,
      place: () => this.#place,
      untilPublished: async () => this.#untilPublished(),
      refuse: (request, takesAnyCursor) => this.#refuse(request, takesAnyCursor),
      resume: (cursor) => resumption(cursor, this.#place, this.#origins, this.#knowsAll),
      takeIn: () => this.#takeIn(),
      enter: (request) => this.#audiences.enter(request),
      leave: (audience) => {
        this.#audiences.leave(audience);
        if (this.subscriptionCount === 0) this.#memory.forgetRecent();
      },
      failed: (error) => this.#rooms.log.error({ err: error }, 'a live subscription broke'),
    };
  }

  #sendCursors(): void {
    const { cursor } = this.#place;
    for (const audience of this.#audiences) {
      // What the others lack comes with its own.
      if (!audience.isLevel) continue;
      for (const subscription of audience.live) subscription.sendCursor(cursor, quietMs - 1000);
    }
  }

  #checkConnections(): void {
    const now = this.#rooms.clock.now();
    for (const connection of this.#connections) connection.check(now);
  }
}
