/**
 * The way of a subscription from its place to where it is live: what was accepted since then, at the reader's pace. It is
 * taken into the live feed in the moment in which nothing lies between.
 *
 * What was accepted comes instance by instance. One that cannot be asked for its part is waited for a while, and the others go
 * on meanwhile; then its part is a gap. A client that was at another instance before may be ahead of what has come here
 * from there: it is live as soon as that has come.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Gap } from '../domain/generated/live-frames.js';
import type { Clock } from '../ports/clock.js';
import { Changes } from './changes.js';
import { gapMessage, readingsMessage } from './message.js';
import type { Origin, Origins } from './origin.js';
import type { Outbox } from './outbox.js';
import { Patience } from './patience.js';
import type { Place } from './place.js';
import type { Readings } from './readings.js';
import { placeBehind, Selected, type Passage } from './selected.js';
import { Away } from './source.js';
import type { Subscription } from './subscription.js';

/** The feed, as far as a subscription has to do with it that is not live yet. */
export interface CatchUpRooms {
  origins: Origins;
  outbox: Outbox;
  clock: Clock;
  /** Behind what subscriptions that are live have got, or are about to get. */
  place: () => Place;
  /** Returns when something was published, or a little later. */
  untilPublished: () => Promise<void>;
}

/** One that waits gets its place so often, as others that nothing comes for. */
const quietMs = 30_000;

export class CatchUp {
  readonly #subscription: Subscription;
  readonly #rooms: CatchUpRooms;
  readonly #isPaced: boolean;
  #at: Place;
  /** Fulfilled when nothing is left but what has to be waited for. */
  readonly level: Promise<void>;
  #isLevel: () => void = () => undefined;
  /** What changed in what was accepted, for one who wants only that. */
  readonly #changes: Changes | undefined;
  /** The readings that are gone through, and which of them match. */
  #source: { passage: Passage; matching: number[]; next: number } | undefined;
  /** With instances that cannot be asked, or that are not known. */
  readonly #patience: Patience;

  /** @param isPaced whether the subscription gets what comes at a pace of its own */
  constructor(subscription: Subscription, rooms: CatchUpRooms, from: Place, isPaced: boolean) {
    this.#subscription = subscription;
    this.#rooms = rooms;
    this.#isPaced = isPaced;
    this.#at = from;
    this.#changes = subscription.audience.onChange ? new Changes() : undefined;
    this.#patience = new Patience(rooms.clock);
    this.level = new Promise((resolve) => (this.#isLevel = resolve));
  }

  /** A place to go on from, for one who has got everything that came. */
  get reached(): Place {
    return this.#subscription.audience.placeOf(this.#subscription, this.#rooms.place()) ?? this.#at;
  }

  /** @returns when it is live, or has ended */
  async run(): Promise<void> {
    const { outbox, place, untilPublished } = this.#rooms;
    while (!this.#subscription.isEnded) {
      this.#meet(place());
      if (this.#isAt(place())) {
        this.#subscription.audience.join(this.#subscription, place());
        return this.#isLevel();
      }
      if (!(await outbox.untilRoom())) return;
      const origin = this.#nextBehind(place());
      if (origin) {
        if (await this.#advance(origin)) await nextTurn();
        continue;
      }
      this.#giveUp();
      this.#isLevel();
      this.#subscription.sendCursor(this.#at.cursor, quietMs);
      await untilPublished();
    }
  }

  /** Instances that were not there when it began. */
  #meet(place: Place): void {
    for (const [name, position] of place.positions) {
      if (this.#at.at(name) !== undefined) continue;
      this.#at = this.#at.with(name, position);
      if (position > 0) this.#tell('bus');
    }
  }

  #isAt(place: Place): boolean {
    for (const [name, at] of this.#at.positions) if (at !== place.at(name)) return false;
    return true;
  }

  /** An instance of which something lies between. What was begun is gone through first, and then another one has its turn. */
  #nextBehind(place: Place): Origin | undefined {
    const { origins } = this.#rooms;
    const last = this.#source?.passage.readings;
    let found: Origin | undefined;
    for (const [name, at] of this.#at.positions) {
      const origin = origins.get(name);
      if (!origin || at >= (place.at(name) ?? 0) || !this.#patience.mayAsk(name)) continue;
      if (last?.origin === name && at < last.end) return origin;
      if (!found || last?.origin === found.name) found = origin;
    }
    return found;
  }

  /** Sends what comes next of an instance, one message of it at most. @returns whether there was any */
  async #advance(origin: Origin): Promise<boolean> {
    const { name, memory } = origin;
    const at = this.#at.at(name)!;
    const last = this.#source?.passage.readings;
    if (last?.origin === name && at < last.end) {
      // Others may have gone on since it was begun.
      this.#source!.passage = { readings: last, base: this.#at };
      return this.#step(name, []);
    }
    const recent = memory.recentFrom(at);
    let window: Readings | undefined;
    try {
      if (recent.length === 0) window = await memory.windowAt(at);
    } catch (error) {
      if (!(error instanceof Away)) throw error;
      this.#wait(origin);
      return false;
    }
    if (this.#subscription.isEnded) return false;
    this.#patience.forget(name);
    // What its spool does not have any more, or never again.
    this.#pass(name, recent[0]?.position ?? window?.position ?? this.#rooms.place().at(name)!, 'cursor_too_old');
    return this.#step(name, window ? [window] : recent);
  }

  #wait({ name, memory }: Origin): void {
    if (this.#patience.waitsFor(name)) return;
    this.#pass(name, memory.recentTail ?? this.#rooms.place().at(name)!, 'bus');
  }

  /** Nothing is known of some instances; after a while they are left out. */
  #giveUp(): void {
    const { origins } = this.#rooms;
    for (const name of this.#at.positions.keys()) {
      if (origins.has(name) || this.#patience.waitsFor(name)) continue;
      this.#at = this.#at.without(name);
      this.#tell('bus');
    }
  }

  #pass(name: string, next: number, reason: Gap['reason']): void {
    if (next <= this.#at.at(name)!) return;
    this.#at = this.#at.with(name, next);
    this.#tell(reason);
  }

  #tell(reason: Gap['reason']): void {
    this.#subscription.send(gapMessage({ fromTs: null, toTs: null, reason }, this.#at.cursor));
  }

  #step(name: string, sources: readonly Readings[]): boolean {
    const end = this.#rooms.place().at(name) ?? 0;
    const selected = new Selected();
    let isFull = sources.length === 0 && this.#take(selected, end);
    for (const readings of sources) {
      if (isFull || this.#at.at(name)! >= end) break;
      const matching = readings.matching(this.#subscription.audience.filter);
      this.#source = { passage: { readings, base: this.#at }, matching, next: 0 };
      isFull = this.#take(selected, end);
    }
    if (selected.length === 0) return false;
    if (this.#isPaced) this.#subscription.hold(selected, 0, this.#at);
    else this.#subscription.send(readingsMessage(selected.texts, this.#at.cursor));
    return true;
  }

  /** Goes on in the source, up to what the live ones have. @returns whether the message is full */
  #take(selected: Selected, end: number): boolean {
    const { audience } = this.#subscription;
    const { passage, matching } = this.#source!;
    const { readings } = passage;
    const from = this.#at.at(readings.origin)!;
    while (this.#source!.next < matching.length) {
      const index = matching[this.#source!.next]!;
      const at = readings.position + index;
      if (at >= end) break;
      this.#source!.next++;
      if (at < from) continue;
      selected.add(audience.filter, passage, index, this.#changes?.of(readings, index));
      if (!selected.isFull) continue;
      this.#at = placeBehind(passage, index);
      return true;
    }
    this.#at = this.#at.with(readings.origin, Math.min(readings.end, end));
    return false;
  }
}
