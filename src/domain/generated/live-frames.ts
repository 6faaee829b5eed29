// Generated from schemas/live-frames.schema.json; change it there and run `npm run generate`.
import type { ProblemCode } from './problem.js';
import type { DeviceName, TypeName } from './reading.js';
import type { DeviceState } from './answers.js';

/**
 * A text frame on /v1/live, in either direction: commands from the client, messages from the server.
 */
export type LiveFrame = LiveCommand | LiveMessage;
export type LiveCommand = SubscribeCommand | UnsubscribeCommand | PingCommand;
/**
 * Chosen by the client; the answer carries it. A subscription made by the URL has 0.
 */
export type CommandId = number;
/**
 * Exact names, or patterns in which * stands for any run of characters; one of them has to match.
 *
 * @minItems 1
 * @maxItems 1000
 */
export type Patterns = string[];
/**
 * Given by the server, unique on its connection.
 */
export type SubscriptionName = string;
export type LiveMessage =
  | SubscribedMessage
  | UnsubscribedMessage
  | PongMessage
  | LiveErrorMessage
  | SnapshotMessage
  | HistoryMessage
  | ReadingsMessage
  | CursorMessage
  | GapMessage
  | PresenceMessage;
/**
 * Opaque: a place in the feed. Clients keep the last one and compare nothing.
 */
export type LiveCursor = string;
export type GapReason = 'slow_reader' | 'cursor_too_old' | 'unknown_cursor' | 'backlog' | 'bus';
export type PresenceList = Presence[];

export interface SubscribeCommand {
  id: CommandId;
  subscribe: SubscriptionFilter;
}
/**
 * Which readings come, and how. Everything is optional: {} is all live readings. With fields, a reading shows only those, and does not come when it has none of them.
 */
export interface SubscriptionFilter {
  devices?: Patterns;
  types?: Patterns;
  fields?: Patterns;
  /**
   * Every tag has to be there, with this value or one that fits the pattern.
   */
  tags?: {
    [k: string]: string;
  };
  /**
   * Whether the newest value of each field of each matching series comes first.
   */
  snapshot?: boolean;
  history?: HistoryToComeFirst;
  /**
   * Where to go on from: everything that was accepted behind it comes first. Not together with history or snapshot.
   */
  cursor?: string;
  /**
   * With latest, only the newest values of each series come when there is more than this reader takes.
   */
  mode?: 'all' | 'latest';
  /**
   * Pushes per second at most; what comes in between is merged into the newest values of each series.
   */
  maxRateHz?: number;
  /**
   * Whether fields that have the value they had in their series are left out, and readings without a change do not come.
   */
  onChange?: boolean;
  /**
   * Whether it is told which devices are online: first the state of each device that has a matching series, by device, type and tags, then each change. fields, mode and maxRateHz are about readings only.
   */
  presence?: boolean;
}
/**
 * Every matching reading since then comes before the live ones, without a seam.
 */
export interface HistoryToComeFirst {
  /**
   * RFC 3339 with a zone, integer milliseconds, or back from now, as -15m.
   */
  since: string | number;
  /**
   * Readings of each series at most, the extremes among them. Thins the history only.
   */
  maxPoints?: number;
}
export interface UnsubscribeCommand {
  id: CommandId;
  unsubscribe: SubscriptionReference;
}
export interface SubscriptionReference {
  subscription: SubscriptionName;
}
export interface PingCommand {
  id: CommandId;
  ping: {};
}
/**
 * The cursor is a place to go on from once what was to come first has come: the snapshot, the history, the missed readings.
 */
export interface SubscribedMessage {
  id: CommandId;
  subscribed: Subscribed;
}
export interface Subscribed {
  subscription: SubscriptionName;
  cursor: LiveCursor;
  /**
   * Of a subscription with a cursor: whether nothing is missing. If not, a gap follows.
   */
  recovered?: boolean;
}
export interface UnsubscribedMessage {
  id: CommandId;
  unsubscribed: SubscriptionReference;
}
export interface PongMessage {
  id: CommandId;
  pong: {
    /**
     * Milliseconds since 1970.
     */
    serverTime: number;
  };
}
/**
 * A command was refused. Without an id when it could not be read.
 */
export interface LiveErrorMessage {
  id?: CommandId;
  error: LiveError;
}
export interface LiveError {
  code: ProblemCode;
  message: string;
  /**
   * Whether the same command may be taken later.
   */
  temporary: boolean;
}
/**
 * The newest value of each field of each matching series, once, before anything live.
 */
export interface SnapshotMessage {
  subscription: SubscriptionName;
  snapshot: LiveReading[];
}
/**
 * A reading as it was accepted: ts in whole milliseconds, integers beyond 2^53 as strings.
 */
export interface LiveReading {
  device: DeviceName;
  type: TypeName;
  ts: number;
  tags: {
    [k: string]: string;
  };
  fields: {
    [k: string]: number | boolean | string;
  };
}
/**
 * What was accepted before the subscription's place, in chunks, oldest first.
 */
export interface HistoryMessage {
  subscription: SubscriptionName;
  history: HistoryChunk;
}
export interface HistoryChunk {
  readings: LiveReading[];
  /**
   * With the last chunk; the live readings follow.
   */
  done: boolean;
}
/**
 * Live readings, in the order in which they were accepted.
 */
export interface ReadingsMessage {
  subscription: SubscriptionName;
  cursor: LiveCursor;
  readings: LiveReading[];
  /**
   * How many older readings were merged away, because the reader is slow or asked for the newest only.
   */
  conflated?: number;
}
/**
 * Nothing matched for a while; the cursor stays young.
 */
export interface CursorMessage {
  subscription: SubscriptionName;
  cursor: LiveCursor;
}
export interface GapMessage {
  subscription: SubscriptionName;
  cursor: LiveCursor;
  gap: Gap;
}
/**
 * An inclusive range of reading times that covers everything that may be missing; null where an end is not known.
 */
export interface Gap {
  fromTs: number | null;
  toTs: number | null;
  reason: GapReason;
}
/**
 * States of devices, in chunks of 1,000 at most. First of each device that matches (an empty list when there is none), then of those that change, in order. One that did not read gets the state of each that changed meanwhile, once. A device that is deleted is told as offline, to those who are listening.
 */
export interface PresenceMessage {
  subscription: SubscriptionName;
  presence: PresenceList;
}
/**
 * A device and its state.
 */
export interface Presence {
  device: DeviceName;
  state: DeviceState;
  /**
   * Since when, in milliseconds since 1970.
   */
  at: number;
}
