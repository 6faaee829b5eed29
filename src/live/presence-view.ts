/**
 * Presence, as one subscription sees it: first the state of each device that matches, then changes. To one that does not
 * read, nothing is kept: when it reads again it gets the states of those that changed meanwhile.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SubscriptionFilter } from '../domain/generated/live-frames.js';
import type { LiveMessage } from '../ports/feed.js';
import type { PresenceSource } from '../ports/presence.js';
import { charactersOfMessage, presenceMessage, readingsOfMessage } from './message.js';
import type { Outbox } from './outbox.js';
import { presenceText, type PresenceDesk, type PresenceListener, type Watch } from './presence-desk.js';

export interface PresenceRooms {
  source: PresenceSource;
  desk: PresenceDesk;
  outbox: Outbox;
}

/** Devices that are looked at before others get their turn. */
const devicesOfTurn = 5_000;

export class PresenceView implements PresenceListener {
  /** Name of the subscription. */
  readonly #name: string;
  readonly #request: SubscriptionFilter;
  readonly #rooms: PresenceRooms;
  #watch: Watch | undefined;
  /** Number of the change up to which it was told, or is being told. */
  #told: number;
  #isTelling = false;
  #isMissing = false;
  #isEnded = false;

  /** @param after number of the last change that the other side knows of; 0 for none */
  constructor(name: string, request: SubscriptionFilter, rooms: PresenceRooms, after: number) {
    this.#name = name;
    this.#request = request;
    this.#rooms = rooms;
    this.#told = after;
  }

  /** @returns when the states that come first have been handed to the connection, or it has ended */
  async begin(): Promise<void> {
    if (this.#isEnded) return;
    this.#rooms.desk.deliver();
    this.#watch = this.#rooms.desk.enter(this, this.#request);
    await this.#tell(true);
  }

  /** Changes, in order. */
  take(message: LiveMessage): void {
    if (this.#isMissing || this.#rooms.outbox.isFull) {
      this.#isMissing = true;
      return;
    }
    this.#told = message.presence!.change;
    this.#rooms.outbox.send(this.#name, message);
  }

  /** There may be room again. */
  goOn(): void {
    if (this.#isMissing && !this.#isTelling && !this.#rooms.outbox.isFull) void this.#tell(false);
  }

  end(): void {
    this.#isEnded = true;
    if (this.#watch) this.#rooms.desk.leave(this, this.#watch);
  }

  async #tell(isFirst: boolean): Promise<void> {
    this.#isTelling = true;
    // Changes that wait to go out are in the states: while they are missed here they go to the others only.
    if (!isFirst) this.#rooms.desk.deliver();
    await this.#sendStates(isFirst);
    while (this.#isMissing && (await this.#rooms.outbox.untilRoom()) && !this.#isEnded) {
      this.#rooms.desk.deliver();
      this.#isMissing = false;
      await this.#sendStates(false);
    }
    this.#isTelling = false;
  }

  /** Of those that changed since it was told. What changes meanwhile is told in between, behind the state before it. */
  async #sendStates(isFirst: boolean): Promise<void> {
    const { source, outbox } = this.#rooms;
    const { filter } = this.#watch!;
    const after = this.#told;
    const upTo = (this.#told = source.lastChange);
    let texts: string[] = [];
    let characters = 0;
    let isOwed = isFirst;
    let looked = 0;
    const send = () => {
      if (texts.length > 0 || isOwed) outbox.send(this.#name, presenceMessage(texts, upTo));
      texts = [];
      characters = 0;
      isOwed = false;
    };
    for (const presence of source.states(after, filter.exactDevices)) {
      if (filter.takesAll || presence.series.some((series) => filter.matches(series))) {
        const text = presenceText(presence);
        texts.push(text);
        characters += text.length;
      }
      const isFull = texts.length >= readingsOfMessage || characters >= charactersOfMessage;
      if (!isFull && ++looked < devicesOfTurn) continue;
      looked = 0;
      send();
      if (isFull && !(await outbox.untilRoom())) return;
      await nextTurn();
      if (this.#isEnded) return;
    }
    send();
  }
}
