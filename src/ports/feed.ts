/** Where accepted readings go once they are durable, and how dashboards get at them. */
import type { Gap, SubscriptionFilter } from '../domain/generated/live-frames.js';
import type { Refusal } from '../domain/refusal.js';
import type { PresenceChange } from './presence.js';

/** Readings that follow each other in the spool. */
export interface ReadingLines {
  /** Of the first of them. */
  position: number;
  count: number;
  /** Their lines (domain/line.ts). */
  payload: string;
}

/** Readings as they lie in the spool. Their lines are there while they are published: who wants them takes them then. */
export interface DurableReadings extends ReadingLines {
  /** The lines in UTF-8, in memory that is used again; a text that was taken stays. */
  bytes: Uint8Array;
}

export interface Feed {
  /** Called in order of position. */
  publish(readings: DurableReadings): void;
}

/** Absent parts match everything; names are exact or have `*` in them. */
export type LiveFilter = Pick<SubscriptionFilter, 'devices' | 'types' | 'fields' | 'tags'>;

/** What a subscription says. One message may be for many subscribers: whoever renders it may keep what came out. */
export interface LiveMessage {
  readonly kind: 'snapshot' | 'history' | 'readings' | 'cursor' | 'gap' | 'presence';
  /** All of its JSON object but its first member, the subscription's name: `"cursor":"…","readings":[…]}`. */
  readonly rest: string;
  /** Of `rest`, in UTF-8. */
  readonly bytes: number;
  /** Where to go on from behind it; undefined for what is no such place. */
  readonly cursor: string | undefined;
  /** Its readings in JSON, joined by commas. */
  readonly readings: string;
  readonly gap: Gap | undefined;
  /** States of devices in JSON, joined by commas, and the number of the last change that one who has this knows of. */
  readonly presence: { readonly states: string; readonly change: number } | undefined;
}

/** The connection of a subscriber, as the feed sees it: `send` by WebSocket, SSE or the answer to a poll. */
export interface Subscriber {
  /** @param name of the subscription */
  send(name: string, message: LiveMessage): void;
  /** Bytes that were sent and that the other side has not taken. */
  unreadBytes(): number;
  /** The other side reads nothing: its connection is to end. */
  tooSlow(): void;
}

export interface SubscriptionHandle {
  /** Name of the subscription on its connection. */
  readonly name: string;
  /** Where it began: everything accepted from there on will come. */
  readonly cursor: string;
  /** Of one that asked to go on from a cursor: whether nothing is missing. */
  readonly recovered: boolean | undefined;
  /**
   * Sends what comes first, then the live readings. Call it when the subscriber knows its name.
   * @returns when all that comes first has been handed to the subscriber, or it has ended
   */
  begin(): Promise<void>;
  /** A place to go on from, for one who has got nothing since `begin` came to its end: as far as nothing matched. */
  reached(): string;
  /** A cursor that also says up to which change of presence its holder was told; see `goesOnInPresence`. */
  withChange(cursor: string, change: number): string;
  end(): void;
}

/** How a subscriber differs from others. */
export interface SubscribeManner {
  /** What is no cursor counts as an unknown one (a gap), and is not refused. */
  takesAnyCursor?: boolean;
  /** With a cursor that says so, presence begins with what changed since; else, and for all others, with every state. */
  goesOnInPresence?: boolean;
}

/** What one connection has with the feed. Its subscriptions share its budget of bytes that wait to be read. */
export interface FeedConnection {
  subscribe(name: string, request: SubscriptionFilter, manner?: SubscribeManner): SubscriptionHandle | Refusal;
  /** The other side has taken some of what was sent. */
  drained(): void;
  /** Ends all its subscriptions. */
  end(): void;
}

export interface LiveFeed extends Feed {
  /** A device came, went, or has a new series; called in order. */
  tellPresence(change: PresenceChange): void;
  /** What is wrong with a request that has the right form; undefined when nothing is. */
  refuse(request: SubscriptionFilter): Refusal | undefined;
  connect(subscriber: Subscriber): FeedConnection;
  readonly subscriptionCount: number;
}
