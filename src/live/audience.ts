/** All subscriptions that are to see the same readings in the same form: what is sent to one is prepared for all. */
import type { Gap } from '../domain/generated/live-frames.js';
import type { LiveMessage } from '../ports/feed.js';
import type { CompiledFilter } from './filter.js';
import type { Indexed } from './filter-index.js';
import { charactersOfMessage, readingsMessage, readingsOfMessage } from './message.js';
import type { Place } from './place.js';
import type { Chooses, Readings } from './readings.js';

/** Readings on their way to subscriptions. */
export interface Passage {
  readings: Readings;
  /** Where one is who has everything before them, and nothing of them. */
  base: Place;
}

/** The place behind one of them. */
export function placeBehind({ readings, base }: Passage, index: number): Place {
  return base.with(readings.origin, readings.position + index + 1);
}

/** Part of what an audience is to see, in order. */
export class Selected {
  readonly texts: string[] = [];
  /** Of each text: the reading that it is of. */
  readonly passages: Passage[] = [];
  readonly indexes: number[] = [];
  /** Of each text: which of its fields it shows; undefined for all. */
  readonly choices: (Chooses | undefined)[] = [];

  #characters = 0;

  get length(): number {
    return this.texts.length;
  }

  /** Whether it is enough for a message. */
  get isFull(): boolean {
    return this.length >= readingsOfMessage || this.#characters >= charactersOfMessage;
  }

  add(text: string, passage: Passage, index: number, choice: Chooses | undefined): void {
    this.texts.push(text);
    this.passages.push(passage);
    this.indexes.push(index);
    this.choices.push(choice);
    this.#characters += text.length;
  }

  placeBehind(at: number): Place {
    return placeBehind(this.passages[at]!, this.indexes[at]!);
  }
}

/** A message and the texts that it is made of. */
export interface PreparedPart {
  message: LiveMessage;
  from: number;
}

/** A subscription, as its audience sees it. */
export interface Listener {
  /** @param end the place behind this turn */
  receive(selected: Selected, parts: readonly PreparedPart[], end: Place): void;
  /** Something is missing from here on. */
  miss(reason: Gap['reason'], end: Place): void;
  /** For one that got nothing for so long. */
  sendCursor(cursor: string, quietMs: number): void;
}

export class Audience implements Indexed {
  readonly key: string;
  readonly filter: CompiledFilter;
  readonly onChange: boolean;
  serial = 0;
  /** Those that get what is published. */
  readonly live = new Set<Listener>();
  /** Those and the ones that are on the way there. */
  members = 0;
  #selected = new Selected();

  constructor(key: string, filter: CompiledFilter, onChange: boolean) {
    this.key = key;
    this.filter = filter;
    this.onChange = onChange;
  }

  /** @returns whether the first of this turn was added */
  add(passage: Passage, index: number, changes?: Chooses): boolean {
    return select(this.#selected, this.filter, passage, index, changes) && this.#selected.length === 1;
  }

  /** Gives all that was added to those that are live. @param end the place behind this turn */
  deliver(end: Place): void {
    const selected = this.#selected;
    this.#selected = new Selected();
    const parts: PreparedPart[] = [];
    for (let from = 0; from < selected.length;) {
      const to = endOfMessage(selected.texts, from);
      const place = to === selected.length ? end : selected.placeBehind(to - 1);
      parts.push({ message: readingsMessage(selected.texts.slice(from, to), place.cursor), from });
      from = to;
    }
    for (const subscription of this.live) subscription.receive(selected, parts, end);
  }
}

/** Adds a reading of a series that matches, if anything of it is to be seen. @returns whether it was added */
export function select(
  selected: Selected,
  filter: CompiledFilter,
  passage: Passage,
  index: number,
  changes?: Chooses,
): boolean {
  const { readings } = passage;
  const choice = choiceOf(filter, changes);
  const text = choice ? readings.textOf(index, choice) : readings.text(index);
  if (text === undefined) return false;
  selected.add(text, passage, index, choice);
  return true;
}

function choiceOf(filter: CompiledFilter, changes: Chooses | undefined): Chooses | undefined {
  if (!filter.choosesFields) return changes;
  return changes ? (name) => changes(name) && filter.hasField(name) : (name) => filter.hasField(name);
}

/** Where the message ends that begins with the text at `from`. */
export function endOfMessage(texts: readonly string[], from: number): number {
  let to = from;
  let characters = 0;
  while (to < texts.length && to - from < readingsOfMessage && characters < charactersOfMessage)
    characters += texts[to++]!.length;
  return to;
}
