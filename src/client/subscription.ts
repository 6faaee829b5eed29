import type { Answer, FeedHandlers, Push, SubscribeOptions } from './live-messages.js';

type Subscribed = NonNullable<Answer['subscribed']>;

/** One client's view of the feed, over as many connections as it takes. Made by `FeedClient.subscribe`. */
export class Subscription {
  readonly #options: SubscribeOptions;
  readonly #handlers: FeedHandlers;
  readonly #close: (subscription: Subscription) => void;
  #cursor: string | undefined;
  /** The cursor of `subscribed`; a place to go on from only when everything promised before it has come. */
  #promisedCursor: string | undefined;
  #awaited = new Set<'snapshot' | 'history'>();
  #wasSubscribed = false;
  /** What the server calls it on the present connection. */
  serverName: string | undefined;

  constructor(options: SubscribeOptions, handlers: FeedHandlers, close: (subscription: Subscription) => void) {
    this.#options = options;
    this.#handlers = handlers;
    this.#close = close;
    this.#cursor = options.cursor;
  }

  /** Where to go on from, also in another process; undefined before there is such a place. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  close(): void {
    this.#close(this);
  }

  /** The command for a new connection: from the last cursor, else from the beginning. */
  command(): SubscribeOptions {
    const { cursor: _given, snapshot, history, ...filter } = this.#options;
    if (this.#cursor !== undefined) return { ...filter, cursor: this.#cursor };
    return { ...filter, ...(snapshot ? { snapshot } : {}), ...(history ? { history } : {}) };
  }

  subscribed({ subscription, cursor, recovered }: Subscribed): void {
    this.serverName = subscription;
    const resumed = this.#cursor !== undefined;
    // `recovered: false` comes with a gap message. No word about it at all is a server that cannot resume.
    if (resumed ? recovered === undefined : this.#wasSubscribed) this.#reportNotResumed();
    this.#wasSubscribed = true;
    this.#awaited = new Set(resumed ? [] : this.#promised());
    this.#promisedCursor = resumed ? undefined : cursor;
    this.#keepPromisedCursor();
    this.#handlers.onSubscribed?.();
  }

  /**
   * The server does not take the command.
   * @returns whether to ask again, without the cursor; the gap that this leaves is reported when it succeeds
   */
  retriesWithoutCursor(): boolean {
    if (this.#cursor === undefined) return false;
    this.#cursor = undefined;
    this.#wasSubscribed = true;
    return true;
  }

  failed(error: NonNullable<Answer['error']>): void {
    this.#handlers.onError?.(error);
  }

  receive(push: Push): void {
    const { onSnapshot, onHistory, onReadings, onGap, onPresence } = this.#handlers;
    if (push.snapshot) {
      onSnapshot?.(push.snapshot);
      this.#came('snapshot');
    }
    if (push.history) {
      const done = push.history.done === true;
      onHistory?.(push.history.readings, done);
      if (done) this.#came('history');
    }
    if (push.gap) onGap?.(push.gap);
    if (push.readings) onReadings?.(push.readings, push.conflated ?? 0);
    if (push.presence) onPresence?.(push.presence);
    // Behind the handlers: one that throws has not taken its readings, and gets them again after a reconnect.
    if (push.cursor !== undefined) this.#cursor = push.cursor;
  }

  #promised(): ('snapshot' | 'history')[] {
    return [
      ...(this.#options.snapshot ? ['snapshot' as const] : []),
      ...(this.#options.history ? ['history' as const] : []),
    ];
  }

  #came(part: 'snapshot' | 'history'): void {
    this.#awaited.delete(part);
    this.#keepPromisedCursor();
  }

  #keepPromisedCursor(): void {
    if (this.#awaited.size > 0 || this.#promisedCursor === undefined) return;
    this.#cursor = this.#promisedCursor;
    this.#promisedCursor = undefined;
  }

  #reportNotResumed(): void {
    this.#handlers.onGap?.({ fromTs: null, toTs: null, reason: 'not_resumed' });
  }
}
