/**
 * Another instance: what it accepts comes batch by batch, and where the positions show that something is missing, that
 * is fetched from it before anything goes on. So the feed gets its readings in order and without a hole, or is told where
 * one is.
 */
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../../ports/log.js';
import type { SharedFeed } from '../shared-feed.js';
import { Away } from '../source.js';
import { Contact, type ContactRooms } from './contact.js';
import { skipLines } from './lines.js';
import { messageBytes, type Status, type Stretch } from './message.js';

export interface PeerRooms extends ContactRooms {
  feed: SharedFeed;
  log: Log;
  /** Tells the catalog of readings that were accepted elsewhere. */
  learn: (lines: string, arrivedMs: number) => void;
}

/** How long a hole is tried to be filled before it is told, when behind it there is something to go on with. */
const patienceMs = 10_000;
const askAgainMs = 200;
/** What waits behind a hole at most; what comes then is fetched as well. */
const heldBytes = 4 * 1024 * 1024;
/** With more than this missing, the older ones are given up. */
const maxMissedReadings = 2_000_000;

interface Piece {
  from: number;
  count: number;
  lines: string;
}

export class Peer {
  readonly contact: Contact;
  readonly #rooms: PeerRooms;
  /** Behind what the feed has; undefined until it is known where to begin. */
  #position: number | undefined;
  #held: Piece[] = [];
  #heldBytes = 0;
  #isFollowing = false;
  #isGone = false;

  constructor(name: string, rooms: PeerRooms) {
    this.contact = new Contact(name, rooms);
    this.#rooms = rooms;
  }

  get name(): string {
    return this.contact.name;
  }

  get position(): number {
    return this.#position ?? 0;
  }

  /** Finds out where it is, and begins there. */
  async greet(status: Status | undefined): Promise<void> {
    if (status) this.contact.hear(status);
    else this.contact.appear();
    try {
      if (this.contact.isOnline) await this.contact.ask();
    } catch (error) {
      if (!(error instanceof Away)) throw error;
      this.contact.away();
    }
    if (this.#isGone) return;
    this.#position = this.contact.head;
    this.#rooms.feed.addPeer(this.name, this.#position, this.contact);
    this.#followWhenBehind();
  }

  /** It says how far it is. */
  hear(status: Status): void {
    this.contact.hear(status);
    if (this.#position === undefined) return;
    if (status.head < this.#position && this.contact.isOnline) void this.#verify();
    else this.#followWhenBehind();
  }

  /** It sends what it has accepted. */
  take(stretch: Stretch): void {
    const lines = this.contact.take(stretch);
    if (lines === undefined) return;
    const { from, count } = stretch;
    const piece = { from, count, lines };
    if (this.#position !== undefined && !this.#isFollowing && from <= this.#position) {
      this.#rooms.counts.received += this.#give(piece);
      return;
    }
    if (this.#heldBytes + lines.length <= heldBytes) {
      this.#held.push(piece);
      this.#heldBytes += lines.length;
    }
    this.#followWhenBehind();
  }

  end(): void {
    this.#isGone = true;
  }

  /** @returns how many of them the feed did not have */
  #give({ from, count, lines }: Piece): number {
    const { feed, learn, clock } = this.#rooms;
    const position = this.#position!;
    const skipped = position - from;
    if (skipped >= count) return 0;
    const payload = skipLines(lines, skipped);
    learn(payload, clock.now());
    feed.publishOf(this.name, { position, count: count - skipped, payload });
    this.#position = from + count;
    return count - skipped;
  }

  #giveHeld(): void {
    const { counts } = this.#rooms;
    while (this.#held.length > 0 && this.#held[0]!.from <= this.#position!) {
      const piece = this.#held.shift()!;
      this.#heldBytes -= piece.lines.length;
      counts.received += this.#give(piece);
    }
  }

  #lose(position: number): void {
    const { feed, counts, log } = this.#rooms;
    log.warn(
      { instance: this.name, from: this.#position, to: position },
      'readings of another instance are missing here',
    );
    counts.gaps++;
    this.#position = position;
    feed.losePeer(this.name, position);
  }

  #followWhenBehind(): void {
    if (this.#isFollowing || this.#isGone || this.#position === undefined) return;
    this.#giveHeld();
    if (this.#position >= this.contact.head) return;
    this.#isFollowing = true;
    void this.#follow().finally(() => (this.#isFollowing = false));
  }

  async #follow(): Promise<void> {
    const { clock } = this.#rooms;
    // What was sent before a status may come behind it.
    await nextTurn();
    let untilMs: number | undefined;
    for (this.#giveHeld(); this.#position! < this.contact.head && !this.#isGone; this.#giveHeld()) {
      if (this.contact.head - this.#position! > maxMissedReadings) this.#lose(this.contact.head - maxMissedReadings);
      if (await this.#fetchNext()) {
        untilMs = undefined;
        continue;
      }
      untilMs ??= clock.now() + patienceMs;
      // It will be heard again, and then all of it can be had.
      if (!this.contact.isOnline && this.#held.length === 0) return;
      if (clock.now() >= untilMs) {
        if (this.#held.length === 0) return;
        this.#lose(this.#held[0]!.from);
      } else await pause(askAgainMs);
    }
  }

  /** @returns whether it answered */
  async #fetchNext(): Promise<boolean> {
    const { counts } = this.#rooms;
    try {
      const { from, count, text, head } = await this.contact.question(this.#position!, messageBytes);
      const next = count > 0 ? from : head;
      if (next > this.#position!) this.#lose(next);
      else if (count === 0) this.contact.isAt(this.#position!);
      if (count > 0) counts.fetched += this.#give({ from, count, lines: text });
      return true;
    } catch (error) {
      if (error instanceof Away) return false;
      throw error;
    }
  }

  /** It may have been set back to an earlier state: then it gives positions out again that were other readings'. */
  async #verify(): Promise<void> {
    try {
      const head = await this.contact.askAnew();
      if (head >= this.#position!) return;
      this.contact.isAt(head);
      this.#lose(head);
    } catch (error) {
      if (!(error instanceof Away)) throw error;
    }
  }
}
