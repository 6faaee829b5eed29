/** One client's filtered view of the feed: turns what was published into messages for its connection. */
import type { Inventory, SeriesNewest } from '../ports/catalog.js';
import type { Clock } from '../ports/clock.js';
import type { Subscriber } from '../ports/feed.js';
import type { CompiledFilter } from './filter.js';
import { newestTexts, type PublishedReadings } from './reading-json.js';

/** What a connection may leave unread before it counts as too slow. */
export const subscriberBudgetBytes = 4 * 1024 * 1024;
const readingsOfMessage = 1000;
const snapshotPauseMs = 20;

export class Subscription {
  readonly name: string;
  readonly #subscriber: Subscriber;
  readonly #filter: CompiledFilter;
  readonly #clock: Clock;
  #lastSentMs = 0;
  #snapshotTimer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(name: string, subscriber: Subscriber, filter: CompiledFilter, clock: Clock) {
    this.name = name;
    this.#subscriber = subscriber;
    this.#filter = filter;
    this.#clock = clock;
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#snapshotTimer);
  }

  /** Sends the newest values, chunk after chunk as the connection takes them. */
  sendSnapshot(inventory: Inventory): void {
    this.#pumpSnapshot(inventory.newest()[Symbol.iterator](), true);
  }

  #pumpSnapshot(newest: Iterator<SeriesNewest>, isFirst: boolean): void {
    let first = isFirst;
    while (!this.#ended) {
      const chunk: string[] = [];
      let isDone = false;
      while (chunk.length < readingsOfMessage) {
        const next = newest.next();
        if (next.done) {
          isDone = true;
          break;
        }
        chunk.push(...newestTexts(next.value.series, next.value.fields, this.#filter));
      }
      if (chunk.length > 0 || first) this.#send(`{"subscription":"${this.name}","snapshot":[${chunk.join(',')}]}`);
      first = false;
      if (isDone) return;
      if (this.#subscriber.bufferedBytes() > subscriberBudgetBytes / 2) {
        this.#snapshotTimer = setTimeout(() => this.#pumpSnapshot(newest, false), snapshotPauseMs);
        return;
      }
    }
  }

  /** @param cursorAt the cursor of a position in the feed */
  push(batches: readonly PublishedReadings[], cursorAt: (position: number) => string): void {
    let texts: string[] = [];
    for (const batch of batches) {
      for (let index = 0; index < batch.count; index++) {
        const text = batch.text(index, this.#filter);
        if (text === undefined) continue;
        texts.push(text);
        if (texts.length < readingsOfMessage) continue;
        this.#sendReadings(texts, cursorAt(batch.position + index + 1));
        texts = [];
      }
    }
    if (texts.length > 0) this.#sendReadings(texts, cursorAt(batches.at(-1)!.end));
  }

  #sendReadings(texts: readonly string[], cursor: string): void {
    this.#send(`{"subscription":"${this.name}","cursor":"${cursor}","readings":[${texts.join(',')}]}`);
  }

  /** Gives a quiet subscription its place, so that its cursor does not age. */
  sendCursor(cursor: string, quietMs: number): void {
    if (this.#clock.now() - this.#lastSentMs >= quietMs)
      this.#send(`{"subscription":"${this.name}","cursor":"${cursor}"}`);
  }

  #send(message: string): void {
    if (this.#ended) return;
    this.#lastSentMs = this.#clock.now();
    this.#subscriber.send(message);
    if (this.#subscriber.bufferedBytes() > subscriberBudgetBytes) this.#subscriber.tooSlow();
  }
}
