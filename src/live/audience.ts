/** All subscriptions that are to see the same readings in the same form: what is sent to one is prepared for all. */
import type { LiveMessage } from '../ports/feed.js';
import type { CompiledFilter } from './filter.js';
import { charactersOfMessage, readingsMessage, readingsOfMessage } from './message.js';
import type { Chooses, Readings } from './readings.js';

/** Part of what an audience is to see, in order. */
export class Selected {
  readonly texts: string[] = [];
  /** Of each text: the reading that it is of. */
  readonly readings: Readings[] = [];
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

  add(text: string, readings: Readings, index: number, choice: Chooses | undefined): void {
    this.texts.push(text);
    this.readings.push(readings);
    this.indexes.push(index);
    this.choices.push(choice);
    this.#characters += text.length;
  }

  positionOf(at: number): number {
    return this.readings[at]!.position + this.indexes[at]!;
  }
}

/** A message and the texts that it is made of. */
export interface PreparedPart {
  message: LiveMessage;
  from: number;
}

/** A subscription, as its audience sees it. */
export interface Listener {
  /** @param end the position behind this turn */
  receive(selected: Selected, parts: readonly PreparedPart[], end: number): void;
  /** For one that got nothing for so long. */
  sendCursor(cursor: string, quietMs: number): void;
}

export class Audience {
  readonly key: string;
  readonly filter: CompiledFilter;
  readonly onChange: boolean;
  /** Given by the filter index; 0 for one that is not in it. */
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
  add(readings: Readings, index: number, changes?: Chooses): boolean {
    return select(this.#selected, this.filter, readings, index, changes) && this.#selected.length === 1;
  }

  /** Gives all that was added to those that are live. @param end the position behind this turn */
  deliver(end: number, cursorAt: (position: number) => string): void {
    const selected = this.#selected;
    this.#selected = new Selected();
    const parts: PreparedPart[] = [];
    for (let from = 0; from < selected.length;) {
      const to = endOfMessage(selected.texts, from);
      const position = to === selected.length ? end : selected.positionOf(to - 1) + 1;
      parts.push({ message: readingsMessage(selected.texts.slice(from, to), cursorAt(position)), from });
      from = to;
    }
    for (const subscription of this.live) subscription.receive(selected, parts, end);
  }
}

/** Adds a reading of a series that matches, if anything of it is to be seen. @returns whether it was added */
export function select(
  selected: Selected,
  filter: CompiledFilter,
  readings: Readings,
  index: number,
  changes?: Chooses,
): boolean {
  const choice = choiceOf(filter, changes);
  const text = choice ? readings.textOf(index, choice) : readings.text(index);
  if (text === undefined) return false;
  selected.add(text, readings, index, choice);
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
