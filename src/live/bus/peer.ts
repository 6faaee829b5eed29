/**
 * Another instance: what it accepts comes batch by batch, and where the positions show that something is missing, that
 * is fetched from it before anything goes on. So the feed gets its readings in order and without a hole, or is told where
 * one is.
 */
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { SharedFeed } from '../shared-feed.js';
import { Away, type MemorySource, type PeerSource, type Progress } from '../source.js';
import type { BusCounts } from './counts.js';
import type { LineCheck } from './line-check.js';
import { skipLines } from './lines.js';
import { messageBytes, type Answer, type Status, type Stretch } from './message.js';
import type { Questions } from './questions.js';

export interface PeerRooms {
  feed: SharedFeed;
  questions: Questions;
  check: LineCheck;
  counts: BusCounts;
  clock: Clock;
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
/** One that says nothing for so long is away; it says something every ten seconds. */
const silenceMs = 35_000;

interface Piece {
  from: number;
  count: number;
  lines: string;
}

export class Peer implements PeerSource {
  readonly name: string;
  readonly #rooms: PeerRooms;
  /** Behind what the feed has; undefined until it is known where to begin. */
  #position: number | undefined;
  #head = 0;
  #tail = 0;
  #low = 0;
  #isOnline = false;
  #heardMs: number;
  #held: Piece[] = [];
  #heldBytes = 0;
  #isFollowing = false;
  #isGone = false;

  constructor(name: string, rooms: PeerRooms) {
    this.name = name;
    this.#rooms = rooms;
    this.#heardMs = rooms.clock.now();
  }

  get position(): number {
    return this.#position ?? 0;
  }

  get tail(): number {
    return this.#tail;
  }

  get progress(): Progress {
    return { head: this.#head, low: this.#low };
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** When it was heard last. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** Finds out where it is, and begins there. */
  async greet(status: Status | undefined): Promise<void> {
    if (status) this.#note(status, status.state === 'online');
    else this.#isOnline = true;
    try {
      if (this.#isOnline) await this.ask();
    } catch (error) {
      if (!(error instanceof Away)) throw error;
      this.#isOnline = false;
    }
    if (this.#isGone) return;
    this.#position = this.#head;
    this.#rooms.feed.addPeer(this.name, this.#position, this);
    this.#followWhenBehind();
  }

  /** It says how far it is. */
  hear(status: Status): void {
    this.#heardMs = this.#rooms.clock.now();
    this.#note(status, status.state === 'online');
    if (this.#position === undefined) return;
    if (status.head < this.#position && this.#isOnline) void this.#verify();
    else this.#followWhenBehind();
  }

  /** It sends what it has accepted. */
  take({ from, count, lines }: Stretch): void {
    const { check, counts, clock } = this.#rooms;
    this.#heardMs = clock.now();
    this.#isOnline = true;
    const text = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString('utf8');
    if (!check.areGood(text, count)) {
      counts.malformed++;
      return;
    }
    this.#head = Math.max(this.#head, from + count);
    const piece = { from, count, lines: text };
    if (this.#position !== undefined && !this.#isFollowing && from <= this.#position) {
      counts.received += this.#give(piece);
      return;
    }
    if (this.#heldBytes + text.length <= heldBytes) {
      this.#held.push(piece);
      this.#heldBytes += text.length;
    }
    this.#followWhenBehind();
  }

  /** It, or the broker, has gone. */
  away(): void {
    this.#isOnline = false;
  }

  /** To be called about every second. */
  lookAtTheClock(): void {
    if (this.#rooms.clock.now() - this.#heardMs > silenceMs) this.#isOnline = false;
  }

  end(): void {
    this.#isGone = true;
  }

  async ask(): Promise<Progress> {
    await this.#question(this.#head, 0);
    return this.progress;
  }

  async read(from: number, maxBytes: number): ReturnType<MemorySource['read']> {
    const answer = await this.#question(from, maxBytes);
    return answer.count === 0 ? [] : [{ position: answer.from, count: answer.count, payload: answer.lines }];
  }

  /** @throws Away */
  async #question(from: number, maxBytes: number): Promise<Answer> {
    const { questions, check, counts, clock } = this.#rooms;
    if (!this.#isOnline) throw new Away('an instance is away');
    const answer = await questions.ask(this.name, from, maxBytes).catch((error: unknown) => {
      // Whatever else it sends says that it is there again.
      this.#isOnline = false;
      throw error;
    });
    this.#heardMs = clock.now();
    this.#note(answer, true);
    if (answer.count > 0 && !check.areGood(Buffer.from(answer.lines).toString('utf8'), answer.count)) {
      counts.malformed++;
      throw new Away('an answer is not of the form');
    }
    return answer;
  }

  #note({ head, tail, low }: Progress & { tail: number }, isOnline: boolean): void {
    this.#isOnline = isOnline;
    this.#head = Math.max(this.#head, head);
    this.#tail = Math.max(this.#tail, tail);
    this.#low = Math.max(this.#low, low);
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
    if (this.#position >= this.#head) return;
    this.#isFollowing = true;
    void this.#follow().finally(() => (this.#isFollowing = false));
  }

  async #follow(): Promise<void> {
    const { clock } = this.#rooms;
    // What was sent before a status may come behind it.
    await nextTurn();
    let untilMs: number | undefined;
    for (this.#giveHeld(); this.#position! < this.#head && !this.#isGone; this.#giveHeld()) {
      if (this.#head - this.#position! > maxMissedReadings) this.#lose(this.#head - maxMissedReadings);
      if (await this.#fetchNext()) {
        untilMs = undefined;
        continue;
      }
      untilMs ??= clock.now() + patienceMs;
      // It will be heard again, and then all of it can be had.
      if (!this.#isOnline && this.#held.length === 0) return;
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
      const { from, count, lines, head } = await this.#question(this.#position!, messageBytes);
      const text = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString('utf8');
      const next = count > 0 ? from : head;
      if (next > this.#position!) this.#lose(next);
      else if (count === 0) this.#head = this.#position!;
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
      const { head } = await this.#rooms.questions.ask(this.name, this.#position!, 0);
      if (head >= this.#position!) return;
      this.#head = head;
      this.#lose(head);
    } catch (error) {
      if (!(error instanceof Away)) throw error;
    }
  }
}
