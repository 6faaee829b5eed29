/**
 * What a subscription gets before it is live: who is there, the snapshot, the history before its place, and what was accepted
 * since then.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Gap } from '../domain/generated/live-frames.js';
import type { Inventory } from '../ports/catalog.js';
import { CatchUp, type CatchUpRooms } from './catch-up.js';
import { charactersOfMessage, gapMessage, historyMessage, readingsOfMessage, snapshotMessage } from './message.js';
import { newestTexts } from './newest.js';
import type { FeedPast } from './past.js';
import type { PastQuestion } from './past-rows.js';
import type { Place } from './place.js';
import { endOfMessage } from './selected.js';
import type { Subscription } from './subscription.js';

/** The feed, as far as an opening subscription has to do with it. */
export interface OpeningRooms extends CatchUpRooms {
  past: FeedPast;
  inventory: Inventory;
}

/** What is to come before the live readings. */
export interface Beginning {
  snapshot: boolean;
  /** `release` when it was read, or is not going to be. */
  history: (Omit<PastQuestion, 'filter' | 'before'> & { release: () => void }) | undefined;
  /** Where to go on from. */
  from: Place;
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
  readonly #catchUp: CatchUp;

  constructor(subscription: Subscription, rooms: OpeningRooms, beginning: Beginning) {
    this.#subscription = subscription;
    this.#rooms = rooms;
    this.#beginning = beginning;
    this.#catchUp = new CatchUp(subscription, rooms, beginning.from, beginning.isPaced);
  }

  /** Fulfilled when nothing is left but what has to be waited for. */
  get level(): Promise<void> {
    return this.#catchUp.level;
  }

  /** A place to go on from, for one who has got everything that came. */
  get reached(): Place {
    return this.#catchUp.reached;
  }

  async run(): Promise<void> {
    const { snapshot, history, gap, from } = this.#beginning;
    try {
      if (this.#subscription.presence) await this.#subscription.presence.begin();
      if (snapshot) await this.#sendSnapshot();
      if (history && !this.#subscription.isEnded) await this.#sendHistory(history);
    } finally {
      history?.release();
    }
    if (gap) this.#subscription.send(gapMessage(gap, from.cursor));
    await this.#catchUp.run();
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
    const { past, outbox } = this.#rooms;
    const before = this.#beginning.from;
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
    if (gap) this.#subscription.send(gapMessage(gap, before.cursor));
    this.#subscription.send(historyMessage(last, before.cursor));
  }
}

function* snapshotOf(inventory: Inventory, devices: readonly string[] | undefined): ReturnType<Inventory['newest']> {
  for (const device of devices ?? [undefined]) yield* inventory.newest(device);
}
