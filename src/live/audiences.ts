/**
 * Who listens to the feed: finds the audiences of a reading, and gives out to them what they lack, a subscription at a time.
 * Audiences that lack something stand in a queue, and one with thousands in it does not keep the others waiting.
 */
import type { SubscriptionFilter } from '../domain/generated/live-frames.js';
import type { Inventory } from '../ports/catalog.js';
import { Audience } from './audience.js';
import { Changes } from './changes.js';
import { CompiledFilter } from './filter.js';
import { FilterIndex } from './filter-index.js';
import type { Place } from './place.js';
import type { Chooses } from './readings.js';
import type { Passage } from './selected.js';

/** Subscriptions of one audience that are served before the next audience has its turn. */
const servedInRow = 256;

export class Audiences {
  readonly #inventory: Inventory;
  readonly #index = new FilterIndex<Audience>();
  readonly #changes = new Changes();
  readonly #audiences = new Map<string, Audience>();
  #changeAudiences = 0;
  #members = 0;
  /** What changed in the reading at hand, once somebody asked. */
  #change: Chooses | undefined;
  /** Those that lack something; the ones before `#head` have been served. */
  #queue: Audience[] = [];
  #head = 0;
  #served = 0;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
  }

  /** Subscriptions, live or on the way there. */
  get members(): number {
    return this.#members;
  }

  [Symbol.iterator](): IterableIterator<Audience> {
    return this.#audiences.values();
  }

  /** The audience of a new subscription, which is not live yet. */
  enter({ devices, types, fields, tags, onChange = false }: SubscriptionFilter): Audience {
    const key = JSON.stringify([devices, types, fields, tags && Object.entries(tags), onChange]);
    let audience = this.#audiences.get(key);
    if (!audience) {
      const filter = new CompiledFilter({
        ...(devices && { devices }),
        ...(types && { types }),
        ...(fields && { fields }),
        ...(tags && { tags }),
      });
      audience = new Audience(key, filter, onChange);
      this.#audiences.set(key, audience);
      this.#index.add(audience);
      if (onChange) {
        this.#changeAudiences++;
        this.#changes.learn(this.#inventory, filter);
      }
    }
    audience.members++;
    this.#members++;
    return audience;
  }

  /** A subscription has ended that was in it. */
  leave(audience: Audience): void {
    this.#members--;
    if (--audience.members > 0) return;
    this.#audiences.delete(audience.key);
    this.#index.remove(audience);
    if (audience.onChange && --this.#changeAudiences === 0) this.#changes.forget();
  }

  /** Finds those that are to see a reading. Each reading is to be shown here once, in order. */
  add(passage: Passage, index: number): void {
    const { named, others } = this.#index.matchesOf(passage.readings.seriesOf(index));
    this.#change = undefined;
    this.#addTo(this.#index.everything, passage, index);
    if (named) this.#addTo(named.audiences, passage, index);
    this.#addTo(others.audiences, passage, index);
  }

  /** Gives one subscription what it lacks. @param place where the feed is. @returns whether somebody still lacks something */
  serveNext(place: Place): boolean {
    const audience = this.#queue[this.#head];
    if (!audience) return false;
    const lacks = audience.serveNext(place);
    if (!lacks || ++this.#served >= servedInRow) this.#pass(lacks ? audience : undefined);
    return this.#queue.length > 0;
  }

  #addTo(audiences: readonly Audience[], passage: Passage, index: number): void {
    for (const audience of audiences) {
      if (audience.onChange) this.#change ??= this.#changes.of(passage.readings, index);
      if (!audience.hasLive) continue;
      if (audience.add(passage, index, audience.onChange ? this.#change : undefined)) this.#queue.push(audience);
    }
  }

  /** The head has had its turn. @param again goes to the end of the queue */
  #pass(again: Audience | undefined): void {
    this.#served = 0;
    this.#head++;
    if (again) this.#queue.push(again);
    if (this.#head <= this.#queue.length / 2) return;
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }
}
