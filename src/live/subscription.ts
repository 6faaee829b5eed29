/**
 * One client's view of the feed, from where it is live: what comes is sent as it is, until the connection is full. Then the
 * newest values of each series are held back, and when these take too much as well, only the times of what is lost. As soon
 * as there is room the reader gets what was held, with the count of what was merged away, or a gap notice. One that asked for
 * a pace is held back all the time, and gets what was held whenever it is due.
 */
import type { Clock } from '../ports/clock.js';
import type { Audience, Listener, PreparedPart } from './audience.js';
import type { Gap } from '../domain/generated/live-frames.js';
import { Conflation, type HeldReading } from './conflation.js';
import { cursorMessage, gapMessage, readingsMessage } from './message.js';
import type { Outbox } from './outbox.js';
import type { PresenceView } from './presence-view.js';
import type { LiveMessage } from '../ports/feed.js';
import type { Place } from './place.js';
import { endOfMessage, type Selected } from './selected.js';

/** How often a subscription gets what was held back for it. */
export interface Pace {
  /** 0: whenever the reader has taken everything. */
  intervalMs: number;
}

export interface SubscriptionRooms {
  outbox: Outbox;
  clock: Clock;
}

/** With the place behind it, in parts: most are merged away before anybody asks for it. */
interface PlacedReading extends HeldReading {
  base: Place;
  origin: string;
  end: number;
}

/** Times of what can neither be sent nor held, and why. */
interface Lost {
  fromMs: number;
  toMs: number;
  reason: Gap['reason'];
}

export class Subscription implements Listener {
  readonly name: string;
  readonly audience: Audience;
  /** Of one that asked for presence. */
  readonly presence: PresenceView | undefined;
  readonly #rooms: SubscriptionRooms;
  readonly #pace: Pace | undefined;
  readonly #held = new Conflation<PlacedReading>();
  #lost: Lost | undefined;
  /** The place behind what was received. */
  #end: Place | undefined;
  #order = 0;
  #dueMs = 0;
  #dueTimer: NodeJS.Timeout | undefined;
  #lastSentMs: number;
  #isEnded = false;

  constructor(
    name: string,
    audience: Audience,
    rooms: SubscriptionRooms,
    { pace, presence }: { pace: Pace | undefined; presence: PresenceView | undefined },
  ) {
    this.name = name;
    this.audience = audience;
    this.presence = presence;
    this.#rooms = rooms;
    this.#pace = pace;
    this.#lastSentMs = rooms.clock.now();
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get #isHolding(): boolean {
    return this.#lost !== undefined || !this.#held.isEmpty;
  }

  /** Takes readings; `parts` are the same as messages. @param end the place behind them */
  receive(selected: Selected, parts: readonly PreparedPart[], end: Place): void {
    if (this.#pace || this.#isHolding) return this.hold(selected, parts[0]!.from, end);
    for (const { message, from } of parts) {
      if (this.#rooms.outbox.isFull) return this.hold(selected, from, end);
      this.send(message);
    }
  }

  /** Holds readings back, from one on, and gives them out when they are due. */
  hold(selected: Selected, from: number, end: Place): void {
    for (let at = from; at < selected.length; at++) {
      const index = selected.indexes[at]!;
      const { readings, base } = selected.passages[at]!;
      const { ms, ns, keys, fieldCount } = readings.look(index);
      if (this.#lost) {
        this.#lost.fromMs = Math.min(this.#lost.fromMs, ms);
        this.#lost.toMs = Math.max(this.#lost.toMs, ms);
        continue;
      }
      const choice = selected.choices[at];
      const all = keys.slice(0, fieldCount);
      this.#holdOne(readings.seriesOf(index).prefix, {
        order: ++this.#order,
        base,
        origin: readings.origin,
        end: readings.position + index + 1,
        ms,
        ns,
        keys: choice ? all.filter(choice) : all,
        text: selected.texts[at]!,
      });
    }
    this.#end = end;
    if (this.#pace) this.releaseWhenDue();
  }

  #holdOne(prefix: string, reading: PlacedReading): void {
    const { outbox } = this.#rooms;
    const before = this.#held.bytes;
    this.#held.add(prefix, reading);
    if (outbox.hold(this.#held.bytes - before)) return;
    // One that reads, at its pace, gets some of it early rather than nothing of it.
    if (!outbox.isFull) {
      this.#end = placeOf(reading);
      return this.#release();
    }
    this.#lost = { ...this.#held.span, reason: 'slow_reader' };
    this.#drop();
  }

  #drop(): void {
    this.#rooms.outbox.hold(-this.#held.bytes);
    this.#held.take();
  }

  /** Something is missing from here on that nobody can say the times of: what is held back goes with it. */
  miss(reason: Gap['reason'], end: Place): void {
    this.#end = end;
    if (this.#isHolding) {
      this.#lost = { fromMs: -Infinity, toMs: Infinity, reason };
      this.#drop();
      this.releaseWhenDue();
    } else this.send(gapMessage({ fromTs: null, toTs: null, reason }, end.cursor));
  }

  releaseWhenDue(): void {
    const { outbox, clock } = this.#rooms;
    if (this.#isEnded || !this.#isHolding || outbox.isFull) return;
    if (!this.#pace) return this.#release();
    if (this.#pace.intervalMs === 0) {
      if (outbox.isIdle) this.#release();
      return;
    }
    const waitMs = this.#dueMs - clock.now();
    if (waitMs <= 0) {
      this.#dueMs = clock.now() + this.#pace.intervalMs;
      this.#release();
    } else {
      this.#dueTimer ??= setTimeout(() => {
        this.#dueTimer = undefined;
        this.releaseWhenDue();
      }, waitMs);
    }
  }

  #release(): void {
    const { outbox } = this.#rooms;
    const end = this.#end!;
    if (this.#lost) {
      const { fromMs, toMs, reason } = this.#lost;
      this.#lost = undefined;
      this.send(gapMessage({ fromTs: knownTime(fromMs), toTs: knownTime(toMs), reason }, end.cursor));
      return;
    }
    outbox.hold(-this.#held.bytes);
    const { readings, merged } = this.#held.take();
    const texts = readings.map(({ text }) => text);
    for (let from = 0; from < texts.length;) {
      const to = endOfMessage(texts, from);
      const isLast = to === texts.length;
      // Behind a part of it, what was merged into later readings comes again to one that goes on from there.
      const { cursor } = isLast ? end : placeOf(readings[to - 1]!);
      this.send(readingsMessage(texts.slice(from, to), cursor, isLast ? merged : 0));
      from = to;
    }
  }

  send(message: LiveMessage): void {
    if (this.#isEnded) return;
    this.#lastSentMs = this.#rooms.clock.now();
    this.#rooms.outbox.send(this.name, message);
  }

  /** Gives a quiet subscription its place, so that its cursor does not age. */
  sendCursor(cursor: string, quietMs: number): void {
    if (this.#isHolding || this.#rooms.outbox.isFull) return;
    if (this.#rooms.clock.now() - this.#lastSentMs >= quietMs) this.send(cursorMessage(cursor));
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#dueTimer);
    this.presence?.end();
    this.#drop();
  }
}

function placeOf({ base, origin, end }: PlacedReading): Place {
  return base.with(origin, end);
}

function knownTime(ms: number): number | null {
  return Number.isFinite(ms) ? ms : null;
}
