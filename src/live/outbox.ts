/**
 * What one connection has still to be sent. Little is handed to the connection at a time; the rest waits here, within a
 * budget that all subscriptions of the connection share. So what a reader that does not read costs is known, and how far it
 * has come can be seen.
 */
import type { LiveMessage, Subscriber } from '../ports/feed.js';

/** Bytes that are under way in the connection before the next message waits here. */
const underWayBytes = 64 * 1024;
/** Bytes of messages that wait here; with more, the connection is full. */
const queueBytes = 2 * 1024 * 1024;
/** Bytes of readings that its subscriptions hold back while it is full. */
const heldBytes = 1024 * 1024;
/** What a connection costs at most, with a message of the largest size under way and another one that filled the queue. */
export const connectionBudgetBytes = 5 * 1024 * 1024;
/** How long one may read nothing while something waits for it. */
export const patienceMs = 30_000;

export class Outbox {
  readonly #subscriber: Subscriber;
  #queue: { name: string; message: LiveMessage }[] = [];
  #queuedBytes = 0;
  #heldBytes = 0;
  #waiting: ((isOpen: boolean) => void)[] = [];
  #isEnded = false;
  #stuckSinceMs: number | undefined;
  #lastUnread = 0;
  /** Called when there is room again. */
  onRoom: () => void = () => undefined;

  constructor(subscriber: Subscriber) {
    this.#subscriber = subscriber;
  }

  /** Whether what comes has to be held back. */
  get isFull(): boolean {
    return this.#queuedBytes > queueBytes;
  }

  /** Whether everything has been taken. */
  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#subscriber.unreadBytes() === 0;
  }

  get #hasRoom(): boolean {
    return this.#queue.length === 0 && this.#subscriber.unreadBytes() < underWayBytes;
  }

  send(name: string, message: LiveMessage): void {
    if (this.#isEnded) return;
    if (this.#hasRoom) return this.#subscriber.send(name, message);
    this.#queue.push({ name, message });
    this.#queuedBytes += message.bytes;
  }

  /** Resolves when little is on its way, or the connection has ended; then with false. */
  async untilRoom(): Promise<boolean> {
    if (this.#isEnded || this.#hasRoom) return !this.#isEnded;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** @returns whether what is held back stays within the budget */
  hold(bytes: number): boolean {
    this.#heldBytes += bytes;
    return this.#heldBytes <= heldBytes;
  }

  /** The other side has taken something. */
  drained(): void {
    if (this.#queue.length > 0) this.#pump();
    if (!this.#hasRoom) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake(true);
    this.onRoom();
  }

  #pump(): void {
    let sent = 0;
    while (sent < this.#queue.length && this.#subscriber.unreadBytes() < underWayBytes) {
      const { name, message } = this.#queue[sent++]!;
      this.#queuedBytes -= message.bytes;
      this.#subscriber.send(name, message);
    }
    this.#queue = this.#queue.slice(sent);
  }

  /** To be called about every second. */
  check(nowMs: number): void {
    const unread = this.#subscriber.unreadBytes();
    if (this.#hasRoom || unread < this.#lastUnread || this.#stuckSinceMs === undefined) this.#stuckSinceMs = nowMs;
    this.#lastUnread = unread;
    if (nowMs - this.#stuckSinceMs >= patienceMs) this.#subscriber.tooSlow();
    else this.drained();
  }

  /** What waits of a subscription that has ended is not sent any more. */
  discard(name: string): void {
    if (this.#queue.length === 0) return;
    this.#queue = this.#queue.filter((entry) => entry.name !== name);
    this.#queuedBytes = this.#queue.reduce((sum, { message }) => sum + message.bytes, 0);
  }

  end(): void {
    this.#isEnded = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake(false);
  }
}
