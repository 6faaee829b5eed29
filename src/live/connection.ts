/** One connection's subscriptions, from their request on. */
import type { SubscriptionFilter } from '../domain/generated/live-frames.js';
import type { Refusal } from '../domain/refusal.js';
import type { Clock } from '../ports/clock.js';
import type { FeedConnection, SubscribeManner, Subscriber, SubscriptionHandle } from '../ports/feed.js';
import type { Audience } from './audience.js';
import { changeIn, withChange } from './cursor.js';
import { gapMessage } from './message.js';
import { Opening, type Beginning, type OpeningRooms } from './opening.js';
import { Outbox } from './outbox.js';
import type { PresenceDesk } from './presence-desk.js';
import { PresenceView } from './presence-view.js';
import type { Resumption } from './resumption.js';
import { Subscription, type Pace } from './subscription.js';

/** The feed, as far as connections have to do with it. */
export interface ConnectionRooms extends Omit<OpeningRooms, 'outbox'> {
  clock: Clock;
  instance: string;
  presence: PresenceDesk;
  refuse: (request: SubscriptionFilter, takesAnyCursor: boolean) => Refusal | undefined;
  resume: (cursor: string) => Resumption;
  /** What was published is for those who are live now, so that a new subscription begins behind it. */
  takeIn: () => void;
  enter: (request: SubscriptionFilter) => Audience;
  leave: (audience: Audience) => void;
  /** Its opening broke by a fault of ours. */
  failed: (error: unknown) => void;
}

export class Connection implements FeedConnection {
  readonly #rooms: ConnectionRooms;
  readonly #outbox: Outbox;
  readonly #subscriptions = new Set<Subscription>();
  readonly #left: () => void;

  /** @param left called when it ends */
  constructor(subscriber: Subscriber, rooms: ConnectionRooms, left: (connection: Connection) => void) {
    this.#rooms = rooms;
    this.#outbox = new Outbox(subscriber);
    this.#outbox.onRoom = () => this.#release();
    this.#left = () => left(this);
  }

  subscribe(name: string, request: SubscriptionFilter, manner: SubscribeManner = {}): SubscriptionHandle | Refusal {
    const { refuse, takeIn, resume, enter, clock, place, instance } = this.#rooms;
    const refusal = refuse(request, manner.takesAnyCursor ?? false);
    if (refusal) return refusal;
    takeIn();
    const resumption = request.cursor === undefined ? undefined : resume(request.cursor);
    const beginning = this.#beginningOf(request, resumption);
    const rooms = { outbox: this.#outbox, clock };
    const subscription = new Subscription(name, enter(request), rooms, {
      pace: paceOf(request),
      presence: request.presence ? this.#view(name, request, manner) : undefined,
    });
    this.#subscriptions.add(subscription);
    const opening = new Opening(subscription, { ...this.#rooms, outbox: this.#outbox }, beginning);
    return {
      name,
      // A client may know of readings of another instance that have not come here yet.
      cursor: place().orBeyond(beginning.from).cursor,
      recovered: resumption && resumption.gap === undefined,
      begin: async () => this.#begin(subscription, opening),
      reached: () => opening.reached.cursor,
      withChange: (cursor, change) => withChange(cursor, instance, change),
      end: () => this.#end(subscription),
    };
  }

  #view(name: string, request: SubscriptionFilter, { goesOnInPresence = false }: SubscribeManner): PresenceView {
    const { presence: desk, inventory, instance } = this.#rooms;
    const { cursor } = request;
    const after = goesOnInPresence && cursor !== undefined ? changeIn(cursor, instance) : 0;
    return new PresenceView(name, request, { source: inventory.presence, desk, outbox: this.#outbox }, after);
  }

  async #begin(subscription: Subscription, opening: Opening): Promise<void> {
    const run = opening.run().catch((error: unknown) => this.#goOnWithout(subscription, error));
    await Promise.race([run, opening.level]);
    await this.#outbox.untilRoom();
  }

  #beginningOf(request: SubscriptionFilter, resumption: Resumption | undefined): Beginning {
    const { past, place } = this.#rooms;
    const { snapshot = false, history } = request;
    const from = resumption?.from ?? place();
    return {
      snapshot,
      history: history && {
        since: past.timeOf(history.since)!,
        maxPoints: history.maxPoints,
        release: past.hold(from),
      },
      from,
      gap: resumption?.gap,
      isPaced: paceOf(request) !== undefined,
    };
  }

  /** What was to come first is not to be had by a fault of ours: that is told, and it is live from here on. */
  #goOnWithout(subscription: Subscription, error: unknown): void {
    const { failed, takeIn, place } = this.#rooms;
    failed(error);
    if (subscription.isEnded) return;
    takeIn();
    subscription.send(gapMessage({ fromTs: null, toTs: null, reason: 'backlog' }, place().cursor));
    subscription.audience.join(subscription, place());
  }

  drained(): void {
    this.#outbox.drained();
  }

  /** To be called about every second. */
  check(nowMs: number): void {
    this.#outbox.check(nowMs);
  }

  end(): void {
    for (const subscription of this.#subscriptions) this.#end(subscription);
    this.#outbox.end();
    this.#left();
  }

  #end(subscription: Subscription): void {
    if (!this.#subscriptions.delete(subscription)) return;
    subscription.end();
    this.#outbox.discard(subscription.name);
    subscription.audience.leave(subscription);
    this.#rooms.leave(subscription.audience);
  }

  #release(): void {
    for (const subscription of this.#subscriptions) {
      subscription.releaseWhenDue();
      subscription.presence?.goOn();
    }
  }
}

function paceOf({ mode, maxRateHz }: SubscriptionFilter): Pace | undefined {
  if (maxRateHz !== undefined) return { intervalMs: 1000 / maxRateHz };
  return mode === 'latest' ? { intervalMs: 0 } : undefined;
}
