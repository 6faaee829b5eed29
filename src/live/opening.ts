/**
 * The way of a subscription to where it is live: the snapshot, the history before its place, and what was accepted since then,
 * at the reader's pace. It is taken into the live feed in the moment in which nothing lies between.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Gap } from '../domain/generated/live-frames.js';
import type { Inventory } from '../ports/catalog.js';
import { endOfMessage, select, Selected } from './audience.js';
import { Changes } from './changes.js';
import type { FeedMemory } from './memory.js';
import {
  charactersOfMessage,
  gapMessage,
  historyMessage,
  readingsMessage,
  readingsOfMessage,
  snapshotMessage,
} from './message.js';
import type { Outbox } from './outbox.js';
import type { FeedPast } from './past.js';
import type { PastQuestion } from './past-rows.js';
import type { Readings } from './readings.js';
import { newestTexts } from './newest.js';
import type { Subscription } from './subscription.js';

/** The feed, as far as an opening subscription has to do with it. */
export interface OpeningRooms {
  memory: FeedMemory;
  past: FeedPast;
  inventory: Inventory;
  outbox: Outbox;
  /** The position behind what subscriptions that are live have got. */
  position: () => number;
  cursorAt: (position: number) => string;
  /** From now on the subscription gets what is published. */
  join: (subscription: Subscription) => void;
}

/** What is to come before the live readings. */
export interface Beginning {
  snapshot: boolean;
  history: Omit<PastQuestion, 'filter' | 'before'> | undefined;
  /** Where to go on from. */
  from: number;
  /** Known from the start to be missing. */
  gap: Gap | undefined;
  isPaced: boolean;
}

/** Series that a snapshot looks at before others get their turn. */
const seriesOfTurn = 5_000;

export class Opening {
  readonly #subscription: Subscription;
  readonly #rooms: OpeningRooms;
  readonly #beginning: Beginning;
  #at: number;
  /** Of what was accepted in between: what changed in it, for one who wants only that. */
  readonly #changes: Changes | undefined;
  /** The readings that are gone through, and which of them match. */
  #source: { readings: Readings; matching: number[]; next: number } | undefined;

  constructor(subscription: Subscription, rooms: OpeningRooms, beginning: Beginning) {
    this.#subscription = subscription;
    this.#rooms = rooms;
    this.#beginning = beginning;
    this.#at = beginning.from;
    this.#changes = subscription.audience.onChange ? new Changes() : undefined;
  }

  async run(): Promise<void> {
    const { snapshot, history, gap } = this.#beginning;
    if (snapshot) await this.#sendSnapshot();
    if (history && !this.#subscription.isEnded) await this.#sendHistory(history);
    if (gap) this.#subscription.send(gapMessage(gap, this.#rooms.cursorAt(this.#at)));
    await this.#catchUp();
  }

  async #sendSnapshot(): Promise<void> {
    const { inventory, outbox } = this.#rooms;
    const { filter } = this.#subscription.audience;
    let chunk: string[] = [];
    let characters = 0;
    let isFirst = true;
    let looked = 0;
    for (const { series, fields } of snapshotOf(inventory, filter.exactDevices)) {
      if (++looked % seriesOfTurn === 0) await nextTurn();
      for (const text of newestTexts(series, fields, filter)) {
        chunk.push(text);
        characters += text.length;
      }
      if (chunk.length < readingsOfMessage && characters < charactersOfMessage) continue;
      this.#subscription.send(snapshotMessage(chunk));
      isFirst = false;
      chunk = [];
      characters = 0;
      if (!(await outbox.untilRoom()) || this.#subscription.isEnded) return;
      await nextTurn();
    }
    if (chunk.length > 0 || isFirst) this.#subscription.send(snapshotMessage(chunk));
  }

  async #sendHistory(history: NonNullable<Beginning['history']>): Promise<void> {
    const { past, outbox, cursorAt } = this.#rooms;
    const before = this.#at;
    const { filter } = this.#subscription.audience;
    let last: string[] = [];
    const gap = await past.read({ ...history, filter, before }, async (texts) => {
      for (let from = 0; from < texts.length;) {
        const to = endOfMessage(texts, from);
        if (last.length > 0) this.#subscription.send(historyMessage(last, undefined));
        last = texts.slice(from, to);
        from = to;
        if (!(await outbox.untilRoom())) return false;
      }
      return !this.#subscription.isEnded;
    });
    if (gap) this.#subscription.send(gapMessage(gap, cursorAt(before)));
    this.#subscription.send(historyMessage(last, cursorAt(before)));
  }

  async #catchUp(): Promise<void> {
    const { memory, outbox, position, join } = this.#rooms;
    while (!this.#subscription.isEnded) {
      if (this.#at >= position()) return join(this.#subscription);
      if (!(await outbox.untilRoom())) return;
      if (this.#source && this.#at < this.#source.readings.end) {
        if (this.#step([])) await nextTurn();
        continue;
      }
      const recent = memory.recentFrom(this.#at);
      const window = recent.length > 0 ? undefined : await memory.windowAt(this.#at);
      if (this.#subscription.isEnded) return;
      this.#passMissing(recent[0]?.position ?? window?.position ?? position());
      if (this.#step(window ? [window] : recent)) await nextTurn();
    }
  }

  /** What the spool does not have any more, or never again. */
  #passMissing(next: number): void {
    if (next <= this.#at) return;
    this.#at = next;
    const gap: Gap = { fromTs: null, toTs: null, reason: 'cursor_too_old' };
    this.#subscription.send(gapMessage(gap, this.#rooms.cursorAt(this.#at)));
  }

  /** Sends what matches of the next readings, one message of it at most. @returns whether there was any */
  #step(sources: readonly Readings[]): boolean {
    const { cursorAt, position } = this.#rooms;
    const end = position();
    const selected = new Selected();
    let isFull = this.#source ? this.#take(selected, end) : false;
    for (const readings of sources) {
      if (isFull || this.#at >= end) break;
      this.#source = { readings, matching: readings.matching(this.#subscription.audience.filter), next: 0 };
      isFull = this.#take(selected, end);
    }
    if (selected.length === 0) return false;
    if (this.#beginning.isPaced) this.#subscription.hold(selected, 0, this.#at);
    else this.#subscription.send(readingsMessage(selected.texts, cursorAt(this.#at)));
    return true;
  }

  /** Goes on in the source. @returns whether the message is full */
  #take(selected: Selected, end: number): boolean {
    const { audience } = this.#subscription;
    const { readings, matching } = this.#source!;
    while (this.#source!.next < matching.length) {
      const index = matching[this.#source!.next]!;
      const at = readings.position + index;
      if (at >= end) break;
      this.#source!.next++;
      if (at < this.#at) continue;
      select(selected, audience.filter, readings, index, this.#changes?.of(readings, index));
      this.#at = at + 1;
      if (selected.isFull) return true;
    }
    this.#at = Math.min(readings.end, end);
    return false;
  }
}

function* snapshotOf(inventory: Inventory, devices: readonly string[] | undefined): ReturnType<Inventory['newest']> {
  for (const device of devices ?? [undefined]) yield* inventory.newest(device);
}
