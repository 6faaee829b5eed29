/** Readings on their way to subscriptions, and those of them that a subscription is to see. */
import type { CompiledFilter } from './filter.js';
import { charactersOfMessage, readingsOfMessage } from './message.js';
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

/** What is to be seen of some readings, in order. */
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

  /** Adds a reading of a series that matches, if anything of it is to be seen. @returns whether it was added */
  add(filter: CompiledFilter, passage: Passage, index: number, changes?: Chooses): boolean {
    const { readings } = passage;
    const choice = choiceOf(filter, changes);
    const text = choice ? readings.textOf(index, choice) : readings.text(index);
    if (text === undefined) return false;
    this.#push(text, passage, index, choice);
    return true;
  }

  /** What lies behind the first `count` of them. */
  behind(count: number): Selected {
    const rest = new Selected();
    for (let at = count; at < this.length; at++)
      rest.#push(this.texts[at]!, this.passages[at]!, this.indexes[at]!, this.choices[at]);
    return rest;
  }

  placeBehind(at: number): Place {
    return placeBehind(this.passages[at]!, this.indexes[at]!);
  }

  #push(text: string, passage: Passage, index: number, choice: Chooses | undefined): void {
    this.texts.push(text);
    this.passages.push(passage);
    this.indexes.push(index);
    this.choices.push(choice);
    this.#characters += text.length;
  }
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
