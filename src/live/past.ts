/**
 * History up to a place in the feed: what the store has of it, and what lies in the spools on its way there. A store that
 * knows the positions of its rows leaves out what came later; of another one's rows we take away what the feed has had since.
 *
 * Other instances deliver to the same store, if it is one that can be shared. They are asked how far they are, and for what
 * they have not delivered.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { toNanoseconds } from '../domain/timestamp.js';
import { Turnstile } from '../domain/turnstile.js';
import type { Gap } from '../domain/generated/live-frames.js';
import { Refusal } from '../domain/refusal.js';
import { limits } from '../domain/reading.js';
import type { Inventory } from '../ports/catalog.js';
import type { Clock } from '../ports/clock.js';
import type { FeedHistory, StoreProgress } from '../ports/feed-history.js';
import { StoreAway, type HistoryReader, type ScanQuery, type TypeColumns } from '../ports/history-store.js';
import type { Log } from '../ports/log.js';
import type { Spool } from '../ports/spool.js';
import type { CompiledFilter } from './filter.js';
import type { FeedMemory } from './memory.js';
import type { Origin, Origins } from './origin.js';
import { mergeRows, PastColumns, rowText, sortRows, type PastQuestion, type PastRow } from './past-rows.js';
import type { Place } from './place.js';
import type { Readings } from './readings.js';
import { Away, type PeerSource } from './source.js';
import { Since } from './since.js';
import type { SeriesDirectory } from './series.js';

export interface PastRooms {
  /** The name of this one. */
  instance: string;
  reader: HistoryReader;
  history: FeedHistory;
  progress: StoreProgress;
  spool: Spool;
  inventory: Inventory;
  clock: Clock;
  log: Log;
}

/** How long the store may take to get to the position before the spool is read in its stead. */
const storePatienceMs = 2_000;
/** Bytes that the delivery has not passed and that are read from the spool at most. */
const maxPendingBytes = 64 * 1024 * 1024;
/** Histories that are read at a time; each may hold the pending bytes in memory. */
const atOnce = 4;
/** How long one may take, its reader's slowness included, so that the others get their turn. */
const patienceMs = 120_000;
/** How long another instance is waited for that does not answer. */
const peerPatienceMs = 10_000;
/** Between two questions to another instance how far it is. */
const askAgainMs = 50;
const dayMs = 24 * 3600 * 1000;

/** The history would take more than a bound of ours. */
class Backlog extends Error {}

export class FeedPast {
  readonly #rooms: PastRooms;
  readonly #origins: Origins;
  readonly #directory: SeriesDirectory;
  readonly #turnstile = new Turnstile(atOnce);

  constructor(rooms: PastRooms, origins: Origins, directory: SeriesDirectory) {
    this.#rooms = rooms;
    this.#origins = origins;
    this.#directory = directory;
  }

  /** @returns undefined for a text that is no time */
  timeOf(since: string | number): bigint | undefined {
    return this.#rooms.history.timeOf(String(since), this.#rooms.clock.now());
  }

  /** Keeps what was accepted before the place apart from what comes later. @returns to be called when it was read, or is not going to be */
  hold(before: Place): () => void {
    const { reader, instance } = this.#rooms;
    return reader.hold(before.at(instance) ?? 0);
  }

  /**
   * Gives readings as JSON, oldest first, in chunks.
   * @param give returns when the reader can take more, and whether it still wants any
   * @returns what is missing, if anything is
   */
  async read(question: PastQuestion, give: (texts: string[]) => Promise<boolean>): Promise<Gap | undefined> {
    const { clock, log } = this.#rooms;
    await Promise.all(this.#asked(question).map(([origin, position]) => this.#untilStored(origin, position)));
    return this.#turnstile.pass(async () => {
      const deadlineMs = clock.now() + patienceMs;
      try {
        for await (const rows of await this.#rows(question)) {
          if (clock.now() > deadlineMs) throw new Backlog();
          if (!(await give(rows.map((row) => rowText(row, this.#directory))))) return undefined;
        }
        return this.#isWhole(question) ? undefined : gapOf(question, 'bus');
      } catch (error) {
        if (error instanceof Away) return gapOf(question, 'bus');
        const isExpected = error instanceof Backlog || error instanceof StoreAway || error instanceof Refusal;
        if (!isExpected) log.error({ err: error }, 'history for the live feed could not be read');
        return gapOf(question, 'backlog');
      }
    });
  }

  /** The instances whose readings it is of, and the position before which. */
  #asked({ before }: PastQuestion): [Origin, number][] {
    return [...before.positions].flatMap(([name, position]) => {
      const origin = this.#origins.get(name);
      return origin ? [[origin, position] as [Origin, number]] : [];
    });
  }

  /** A store of this instance alone has nothing of the others. */
  #isWhole({ before }: PastQuestion): boolean {
    if (!this.#rooms.reader.knowsPositions) return true;
    return [...before.positions].every(([name, position]) => name === this.#rooms.instance || position === 0);
  }

  async #untilStored(origin: Origin, position: number): Promise<void> {
    const { progress, reader } = this.#rooms;
    if (!origin.peer) await progress.untilStored(position, storePatienceMs);
    else if (!reader.knowsPositions) await this.#untilPeerStored(origin.peer, origin.memory, position);
  }

  /** One that is away may be starting again: what it has not delivered can be had nowhere else, but for what is at hand. */
  async #untilPeerStored(peer: PeerSource, memory: FeedMemory, position: number): Promise<void> {
    const { clock } = this.#rooms;
    const beganMs = clock.now();
    while (peer.progress.low < position) {
      const waitedMs = clock.now() - beganMs;
      try {
        await peer.ask();
        if (waitedMs > storePatienceMs) return;
      } catch (error) {
        if (!(error instanceof Away)) throw error;
        const isAtHand = memory.recentTail !== undefined && memory.recentTail <= peer.progress.low;
        if (isAtHand || waitedMs > peerPatienceMs) return;
      }
      await pause(askAgainMs);
    }
  }

  async #rows(question: PastQuestion): Promise<AsyncIterable<PastRow[]>> {
    const { reader, history } = this.#rooms;
    const { filter, maxPoints } = question;
    const asked = this.#columns(filter);
    const columns = new PastColumns(asked);
    // What was pending when we began may be stored meanwhile: then it is the same reading, and comes once.
    const pending = sortRows(await this.#pending(question, columns));
    const stored = this.#stored(question, asked, columns);
    const rows = mergeRows(reader.knowsPositions ? stored : this.#withoutNewer(stored, question), pending);
    return maxPoints === undefined ? rows : history.thin(rows, maxPoints);
  }

  #columns(filter: CompiledFilter): TypeColumns[] {
    return this.#rooms.inventory
      .types()
      .filter(({ type }) => filter.matchesType(type))
      .map(({ type, fields }) => ({ type, fields: fields.filter(({ name }) => filter.hasField(name)) }))
      .filter(({ fields }) => fields.length > 0);
  }

  async *#stored(
    { filter, since, before: place }: PastQuestion,
    asked: TypeColumns[],
    columns: PastColumns,
  ): AsyncGenerator<PastRow[]> {
    const { reader, clock, instance } = this.#rooms;
    const before = place.at(instance)!;
    const { devices, tags } = filter.source;
    // What was accepted until now lies before this; our clock may have been ahead when it was.
    const to = toNanoseconds(clock.now() + limits.futureMs + dayMs, 0);
    const scan: ScanQuery = { columns: asked, series: { devices, tags }, from: since, to, order: 'asc', before };
    for await (const rows of reader.scan(scan)) yield rows.map((row) => columns.ofStored(row));
  }

  async *#withoutNewer(stored: AsyncIterable<PastRow[]>, question: PastQuestion): AsyncGenerator<PastRow[]> {
    const since = new Since(question, this.#origins);
    for await (const rows of stored) {
      for (const [origin] of this.#asked(question)) if (!(await this.#takeIn(since, origin))) throw new Backlog();
      yield since.takeAway(rows);
    }
  }

  /**
   * Readings before the place that the deliveries have not passed yet. What was delivered ahead is among them, since late
   * readings between are not delivered: what the store has already is the same reading, and comes once.
   */
  async #pending(question: PastQuestion, columns: PastColumns): Promise<PastRow[]> {
    const { spool, reader } = this.#rooms;
    const { filter, since } = question;
    const rows: PastRow[] = [];
    let characters = 0;
    for (const [origin, before] of this.#asked(question)) {
      const { peer } = origin;
      if (peer && reader.knowsPositions) continue;
      if (!peer && spool.status().heldBytes > maxPendingBytes) throw new Backlog();
      const { low } = peer ? peer.progress : spool.delivery;
      for await (const readings of this.#between(origin, low, before)) {
        characters += readings.characters;
        if (characters > maxPendingBytes) throw new Backlog();
        for (const index of readings.matching(filter)) {
          const position = readings.position + index;
          if (position < low || position >= before) continue;
          const row = columns.ofReading(readings, index);
          if (row && row.ts >= since) rows.push(row);
        }
      }
    }
    return rows;
  }

  async *#between({ memory, peer }: Origin, from: number, to: number): AsyncGenerator<Readings> {
    for (let at = from; at < to;) {
      const readings = await memory.windowAt(at);
      // What this instance lacks is damaged, and told elsewhere.
      if (peer && (!readings || readings.position > at)) throw new Away();
      if (!readings) return;
      yield readings;
      at = readings.end;
    }
  }

  /**
   * Takes in what an instance has accepted until now. One that cannot be asked may have delivered what we have not heard of:
   * that comes again when it is heard.
   * @returns whether there was room for it
   */
  async #takeIn(since: Since, { name, peer }: Origin): Promise<boolean> {
    try {
      return await since.advance(name, peer ? (await peer.ask()).head : this.#rooms.spool.head);
    } catch (error) {
      if (error instanceof Away) return true;
      throw error;
    }
  }
}

function gapOf({ since }: PastQuestion, reason: Gap['reason']): Gap {
  return { fromTs: Number(since / 1_000_000n), toTs: null, reason };
}
