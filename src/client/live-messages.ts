/** What is said on `/v1/live`, as far as the client speaks it. */
import type { Reading } from '../domain/reading.js';

/** Which readings, and how. Everything is optional; `{}` is all live readings. */
export interface SubscribeOptions {
  /** Exact names or patterns with `*`. */
  devices?: string[];
  types?: string[];
  /** Readings show only these fields, and do not come when they have none of them. */
  fields?: string[];
  tags?: Record<string, string>;
  /** `latest` sends only the newest of each series when there is more than the rate. */
  mode?: 'all' | 'latest';
  maxRateHz?: number;
  /** Leaves out fields that did not change. */
  onChange?: boolean;
  /** First the newest values of each series. */
  snapshot?: boolean;
  /** First what is stored since then: `-15m`, RFC 3339 or milliseconds. */
  history?: { since: string | number; maxPoints?: number };
  /** Tells which devices are online. */
  presence?: boolean;
  /** Where to go on from: what `Subscription.cursor` gave earlier. */
  cursor?: string;
}

/** Readings between these times (inclusive, milliseconds; null where an end is not known) may be missing. */
export interface Gap {
  fromTs: number | null;
  toTs: number | null;
  /** `slow_reader`, `cursor_too_old`, `unknown_cursor`, `backlog`, `bus`, or `not_resumed` where the server could not. */
  reason: string;
}

export interface Presence {
  device: string;
  state: 'online' | 'offline';
  /** Since when, in milliseconds. */
  at: number;
}

export interface LiveError {
  code: string;
  message: string;
  /** Whether the same command may be taken later. */
  temporary: boolean;
}

export interface FeedHandlers {
  /** The server took the subscription: the first time, and again after each break. */
  onSubscribed?: () => void;
  onSnapshot?: (readings: Reading[]) => void;
  /** Chunks, oldest first; `done` with the last one. */
  onHistory?: (readings: Reading[], done: boolean) => void;
  /** `conflated`: older values that were merged away since the last call. */
  onReadings?: (readings: Reading[], conflated: number) => void;
  /** Something may be missing here: ask history for it. */
  onGap?: (gap: Gap) => void;
  /** First the state of each device that matches, again after each break, in chunks; then each change. The last one counts. */
  onPresence?: (presence: Presence[]) => void;
  /** The server does not take this subscription; it is over. */
  onError?: (error: LiveError) => void;
}

/** A message of one subscription. */
export interface Push {
  subscription: string;
  cursor?: string;
  snapshot?: Reading[];
  history?: { readings: Reading[]; done?: boolean };
  readings?: Reading[];
  conflated?: number;
  gap?: Gap;
  presence?: Presence[];
}

/** The answer to a command, by the command's `id`. */
export interface Answer {
  id: number;
  subscribed?: { subscription: string; cursor?: string; recovered?: boolean };
  unsubscribed?: unknown;
  pong?: unknown;
  error?: LiveError;
}
