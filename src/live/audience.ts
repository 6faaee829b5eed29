/**
 * All subscriptions that are to see the same readings in the same form: what is sent to one is prepared for all that are as far.
 *
 * They are served one after the other, round and round, and each gets at once all that has come since its last turn. So to
 * thousands a reading takes one round at most, wherever the round stands when it comes.
 */
import type { Gap } from '../domain/generated/live-frames.js';
import type { LiveMessage } from '../ports/feed.js';
import type { CompiledFilter } from './filter.js';
import type { Indexed } from './filter-index.js';
import { readingsMessage } from './message.js';
import type { Place } from './place.js';
import type { Chooses } from './readings.js';
import { endOfMessage, Selected, type Passage } from './selected.js';

/** A message, and where the texts begin that it is made of. */
export interface PreparedPart {
  message: LiveMessage;
  from: number;
}

/** A subscription, as its audience sees it. */
export interface Listener {
  /** Takes what is selected from the first of the parts on. @param end the place behind all of it */
  receive(selected: Selected, parts: readonly PreparedPart[], end: Place): void;
  /** Something is missing from here on. */
  miss(reason: Gap['reason'], end: Place): void;
  /** For one that got nothing for so long. */
  sendCursor(cursor: string, quietMs: number): void;
}

/** How far listeners are. */
interface Mark {
  /** Of all readings that the audience ever had, the number of the next one. */
  next: number;
  /** Where in the feed one is who is as far. */
  place: Place;
}

/** What those get who are at one mark. */
interface Prepared {
  from: Mark;
  to: Mark;
  parts: PreparedPart[];
}

export class Audience implements Indexed {
  readonly key: string;
  readonly filter: CompiledFilter;
  readonly onChange: boolean;
  serial = 0;
  /** Those that are live and those that are on the way there. */
  members = 0;
  readonly #live = new Map<Listener, Mark>();
  /** What somebody still lacks, and how many readings came before. */
  #selected = new Selected();
  #first = 0;
  #prepared: Prepared | undefined;
  /** The rest of the round, and what everybody has when it is over. */
  #round: Iterator<[Listener, Mark]> | undefined;
  #hadByAll = 0;
  /** Turns until everybody has everything. */
  #turnsLeft = 0;

  constructor(key: string, filter: CompiledFilter, onChange: boolean) {
    this.key = key;
    this.filter = filter;
    this.onChange = onChange;
  }

  get live(): Iterable<Listener> {
    return this.#live.keys();
  }

  get hasLive(): boolean {
    return this.#live.size > 0;
  }

  /** Whether everybody has everything. */
  get isLevel(): boolean {
    return this.#turnsLeft === 0;
  }

  get #end(): number {
    return this.#first + this.#selected.length;
  }

  /** From now on the listener gets what is added. @param place where the feed is */
  join(listener: Listener, place: Place): void {
    this.#live.set(listener, { next: this.#end, place });
    // It has a turn as well, in this round or the next.
    if (!this.isLevel) this.#turnsLeft++;
  }

  leave(listener: Listener): void {
    this.#live.delete(listener);
    if (this.#live.size === 0) this.#rest();
  }

  /** Where a listener is. @param place where the feed is. @returns undefined for one that has not joined */
  placeOf(listener: Listener, place: Place): Place | undefined {
    const mark = this.#live.get(listener);
    return mark?.next === this.#end ? place : mark?.place;
  }

  /** @returns whether there is something to be given out now that was not before */
  add(passage: Passage, index: number, changes?: Chooses): boolean {
    if (!this.#selected.add(this.filter, passage, index, changes)) return false;
    const wasLevel = this.isLevel;
    this.#turnsLeft = this.#live.size;
    return wasLevel;
  }

  /** Gives the next listener what it lacks. @param place where the feed is. @returns whether somebody still lacks something */
  serveNext(place: Place): boolean {
    if (this.isLevel) return false;
    const [listener, mark] = this.#turn();
    this.#turnsLeft--;
    this.#serve(listener, mark, place);
    if (this.isLevel) this.#rest();
    return !this.isLevel;
  }

  #turn(): [Listener, Mark] {
    const next = this.#round?.next();
    if (next?.done === false) return next.value;
    this.#forget(this.#hadByAll);
    this.#hadByAll = this.#end;
    this.#round = this.#live.entries();
    // Somebody is there: without anybody it is level.
    return this.#round.next().value as [Listener, Mark];
  }

  /** Everybody has everything. A round that is not gone on with would hold those that were in it. */
  #rest(): void {
    this.#turnsLeft = 0;
    this.#round = undefined;
    this.#forget(this.#end);
  }

  #serve(listener: Listener, mark: Mark, place: Place): void {
    if (mark.next === this.#end) return;
    if (this.#prepared?.from.next !== mark.next || this.#prepared.to.next !== this.#end)
      this.#prepared = this.#prepare(mark, place);
    const { to, parts } = this.#prepared;
    this.#live.set(listener, to);
    listener.receive(this.#selected, parts, to.place);
  }

  #prepare(mark: Mark, end: Place): Prepared {
    const selected = this.#selected;
    const parts: PreparedPart[] = [];
    for (let from = mark.next - this.#first; from < selected.length;) {
      const to = endOfMessage(selected.texts, from);
      const place = to === selected.length ? end : selected.placeBehind(to - 1);
      parts.push({ message: readingsMessage(selected.texts.slice(from, to), place.cursor), from });
      from = to;
    }
    return { from: mark, to: { next: this.#end, place: end }, parts };
  }

  /** Nobody needs what came before a reading any more. */
  #forget(next: number): void {
    if (next <= this.#first) return;
    this.#selected = this.#selected.behind(next - this.#first);
    this.#first = next;
    // Its parts say where they begin in what is selected.
    this.#prepared = undefined;
  }
}
