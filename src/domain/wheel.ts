/**
 * One timer for many: a wheel of slots that goes on by one at each tick. What stands in a slot is looked at when its turn
 * comes, once in each round, until it is removed or placed elsewhere. Placing and removing cost the same however many there are.
 */

/** The wheel keeps its place in it. */
export interface OnWheel {
  /** -1 for what stands nowhere. */
  slot: number;
}

export const nowhere = -1;

export class Wheel<Item extends OnWheel> {
  readonly #slots: Set<Item>[];
  readonly #tickMs: number;
  readonly #look: (item: Item) => void;
  #timer: NodeJS.Timeout | undefined;
  #hand = 0;
  #nextSlot = 0;

  /** @param look at one whose turn it is; it may place or remove that one, and others */
  constructor(slotCount: number, tickMs: number, look: (item: Item) => void) {
    this.#slots = Array.from({ length: slotCount }, () => new Set<Item>());
    this.#tickMs = tickMs;
    this.#look = look;
  }

  start(): void {
    this.#timer = setInterval(() => this.turn(), this.#tickMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get size(): number {
    return this.#slots.reduce((sum, { size }) => sum + size, 0);
  }

  /** Into the slot behind the one that was given last, so that many are spread over the round. */
  add(item: Item): void {
    this.#put(item, this.#nextSlot);
    this.#nextSlot = (this.#nextSlot + 1) % this.#slots.length;
  }

  /** To be looked at after so many ticks: at least one, and a round at most. */
  place(item: Item, ticks: number): void {
    const { length } = this.#slots;
    this.#put(item, (this.#hand + Math.min(Math.max(ticks, 1), length)) % length);
  }

  remove(item: Item): void {
    if (item.slot !== nowhere) this.#slots[item.slot]!.delete(item);
    item.slot = nowhere;
  }

  /** One tick. */
  turn(): void {
    this.#hand = (this.#hand + 1) % this.#slots.length;
    for (const item of this.#slots[this.#hand]!) this.#look(item);
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (const slot of this.#slots) yield* slot;
  }

  /** What stays in its slot keeps its place there: one that is looked at just now is not met again. */
  #put(item: Item, slot: number): void {
    if (item.slot === slot) return;
    this.remove(item);
    item.slot = slot;
    this.#slots[slot]!.add(item);
  }
}
