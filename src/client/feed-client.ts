/**
 * Live readings for dashboards, over one WebSocket, `/v1/live`.
 *
 *     const feed = new FeedClient({ url: 'http://127.0.0.1:8080', onState: (state) => console.log(state) });
 *     feed.start();
 *     feed.subscribe({ devices: ['boiler-*'], snapshot: true }, {
 *       onSnapshot: (readings) => draw(readings),
 *       onReadings: (readings) => draw(readings),
 *       onGap: ({ fromTs, toTs }) => fillFromHistory(fromTs, toTs),
 *     });
 *
 * After a break every subscription goes on from its last cursor. Where the server cannot go on from there, `onGap` says so.
 */
import { Backoff } from './backoff.js';
import type { Refused } from './device.js';
import type { Answer, FeedHandlers, Push, SubscribeOptions } from './live-messages.js';
import { PersistentSocket, type SocketOptions } from './persistent-socket.js';
import { Subscription } from './subscription.js';

export type FeedState = 'connecting' | 'online' | 'waiting' | 'failed' | 'stopped';

export interface FeedClientOptions extends SocketOptions {
  /** `reason` with `waiting` and `failed`. */
  onState?: (state: FeedState, reason?: Refused) => void;
  /** A browser cannot see the server's pings, so the client asks on its own. */
  pingIntervalMs?: number;
  /** How long an answer to a ping, or to any command, may take. */
  answerTimeoutMs?: number;
}

export class FeedClient {
  readonly #options: FeedClientOptions;
  readonly #socket: PersistentSocket;
  readonly #subscriptions = new Set<Subscription>();
  /** Subscriptions by the server's names for them, on this connection. */
  readonly #byName = new Map<string, Subscription>();
  /** Commands without an answer, by id; a ping has no subscription. */
  readonly #asked = new Map<number, Subscription | null>();
  readonly #retryBackoff: Backoff;
  #lastId = 0;
  #online = false;
  #pingTimer: ReturnType<typeof setTimeout> | undefined;
  #answerTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #retryTimers = new Set<ReturnType<typeof setTimeout>>();

  constructor(options: FeedClientOptions) {
    this.#options = options;
    this.#retryBackoff = new Backoff(options.backoff);
    this.#socket = new PersistentSocket({ path: '/v1/live' }, options, {
      onConnecting: () => this.#options.onState?.('connecting'),
      onOpen: () => this.#goOnline(),
      onMessage: (message) => this.#receive(message),
      onDown: (reason) => this.#goOffline('waiting', reason),
      onEnd: (reason) => this.#goOffline('failed', reason),
    });
  }

  start(): void {
    this.#socket.start();
  }

  stop(): void {
    this.#socket.stop();
    this.#goOffline('stopped');
  }

  /** May be called at any time, before `start` too. */
  subscribe(options: SubscribeOptions, handlers: FeedHandlers): Subscription {
    const subscription = new Subscription(options, handlers, (closed) => this.#unsubscribe(closed));
    this.#subscriptions.add(subscription);
    if (this.#online) this.#ask({ subscribe: subscription.command() }, subscription);
    return subscription;
  }

  #unsubscribe(subscription: Subscription): void {
    this.#subscriptions.delete(subscription);
    const name = subscription.serverName;
    if (name === undefined || this.#byName.get(name) !== subscription) return;
    this.#byName.delete(name);
    this.#ask({ unsubscribe: { subscription: name } }, null);
  }

  #goOnline(): void {
    this.#online = true;
    this.#options.onState?.('online');
    for (const subscription of this.#subscriptions) this.#ask({ subscribe: subscription.command() }, subscription);
    this.#pingLater();
  }

  #goOffline(state: FeedState, reason?: Refused): void {
    this.#online = false;
    this.#byName.clear();
    this.#asked.clear();
    clearTimeout(this.#pingTimer);
    clearTimeout(this.#answerTimer);
    for (const timer of this.#retryTimers) clearTimeout(timer);
    this.#retryTimers.clear();
    this.#options.onState?.(state, reason);
  }

  #ask(command: Record<string, unknown>, subscription: Subscription | null): void {
    const id = ++this.#lastId;
    this.#asked.set(id, subscription);
    this.#socket.send(JSON.stringify({ id, ...command }));
    if (this.#asked.size === 1) this.#expectAnswer();
  }

  #receive(message: Record<string, unknown>): void {
    if (typeof message['subscription'] === 'string') {
      const push = message as unknown as Push;
      this.#byName.get(push.subscription)?.receive(push);
    } else if (typeof message['id'] === 'number') {
      this.#takeAnswer(message as unknown as Answer);
    } else {
      this.#socket.drop({ code: 'protocol', message: 'the server sent something that is none of the feed' });
    }
  }

  #takeAnswer(answer: Answer): void {
    const subscription = this.#asked.get(answer.id);
    this.#asked.delete(answer.id);
    this.#expectAnswer();
    if (answer.pong) this.#socket.healthy();
    if (!subscription) return;
    if (answer.subscribed) this.#takeSubscribed(subscription, answer.subscribed);
    else if (answer.error) this.#takeError(subscription, answer.error);
  }

  #takeSubscribed(subscription: Subscription, subscribed: NonNullable<Answer['subscribed']>): void {
    this.#socket.healthy();
    this.#retryBackoff.reset();
    // It was closed while the server answered.
    if (!this.#subscriptions.has(subscription)) {
      return this.#ask({ unsubscribe: { subscription: subscribed.subscription } }, null);
    }
    this.#byName.set(subscribed.subscription, subscription);
    subscription.subscribed(subscribed);
  }

  #takeError(subscription: Subscription, error: NonNullable<Answer['error']>): void {
    if (!this.#subscriptions.has(subscription)) return;
    if (error.temporary) {
      this.#askLater(subscription);
    } else if (subscription.retriesWithoutCursor()) {
      this.#ask({ subscribe: subscription.command() }, subscription);
    } else {
      this.#subscriptions.delete(subscription);
      subscription.failed(error);
    }
  }

  #askLater(subscription: Subscription): void {
    const timer = setTimeout(() => {
      this.#retryTimers.delete(timer);
      if (this.#subscriptions.has(subscription)) this.#ask({ subscribe: subscription.command() }, subscription);
    }, this.#retryBackoff.nextMs());
    this.#retryTimers.add(timer);
  }

  #pingLater(): void {
    this.#pingTimer = setTimeout(() => {
      this.#ask({ ping: {} }, null);
      this.#pingLater();
    }, this.#options.pingIntervalMs ?? 25_000);
  }

  #expectAnswer(): void {
    clearTimeout(this.#answerTimer);
    if (this.#asked.size === 0) return;
    this.#answerTimer = setTimeout(() => {
      this.#socket.drop({ code: 'timeout', message: 'the server does not answer' });
    }, this.#options.answerTimeoutMs ?? 15_000);
  }
}
