/**
 * History up to a position of the feed: what the store has of it, and what lies in the spool on its way there. A store that
 * knows the positions of its rows leaves out what came later; of another one's rows we take away what the feed has had since.
 */
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
import { mergeRows, PastColumns, rowText, sortRows, type PastQuestion, type PastRow } from './past-rows.js';
import { Since } from './since.js';
import type { SeriesDirectory } from './series.js';

export interface PastRooms {
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
const dayMs = 24 * 3600 * 1000;

/** The history would take more than a bound of ours. */
class Backlog extends Error {}

export class FeedPast {
  readonly #rooms: PastRooms;
  readonly #memory: FeedMemory;
  readonly #directory: SeriesDirectory;
  readonly #turnstile = new Turnstile(atOnce);

  constructor(rooms: PastRooms, memory: FeedMemory, directory: SeriesDirectory) {
    this.#rooms = rooms;
    this.#memory = memory;
    this.#directory = directory;
  }

  /** @returns undefined for a text that is no time */
  timeOf(since: string | number): bigint | undefined {
    return this.#rooms.history.timeOf(String(since), this.#rooms.clock.now());
  }

  /**
   * Gives readings as JSON, oldest first, in chunks.
   * @param give returns when the reader can take more, and whether it still wants any
   * @returns what is missing, if anything is
   */
  async read(question: PastQuestion, give: (texts: string[]) => Promise<boolean>): Promise<Gap | undefined> {
    const { progress, clock, log } = this.#rooms;
    await progress.untilStored(question.before, storePatienceMs);
    return this.#turnstile.pass(async () => {
      const deadlineMs = clock.now() + patienceMs;
      try {
        for await (const rows of await this.#rows(question)) {
          if (clock.now() > deadlineMs) throw new Backlog();
          if (!(await give(rows.map((row) => rowText(row, this.#directory))))) return undefined;
        }
        return undefined;
      } catch (error) {
        const isExpected = error instanceof Backlog || error instanceof StoreAway || error instanceof Refusal;
        if (!isExpected) log.error({ err: error }, 'history for the live feed could not be read');
        return { fromTs: Number(question.since / 1_000_000n), toTs: null, reason: 'backlog' };
      }
    });
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
    { filter, since, before }: PastQuestion,
    asked: TypeColumns[],
    columns: PastColumns,
  ): AsyncGenerator<PastRow[]> {
    const { reader, clock } = this.#rooms;
    const { devices, tags } = filter.source;
    // What was accepted until now lies before this; our clock may have been ahead when it was.
    const to = toNanoseconds(clock.now() + limits.futureMs + dayMs, 0);
    const scan: ScanQuery = { columns: asked, series: { devices, tags }, from: since, to, order: 'asc', before };
    for await (const rows of reader.scan(scan)) yield rows.map((row) => columns.ofStored(row));
  }

  async *#withoutNewer(stored: AsyncIterable<PastRow[]>, question: PastQuestion): AsyncGenerator<PastRow[]> {
    const since = new Since(question, this.#memory);
    for await (const rows of stored) {
      if (!(await since.advance(this.#rooms.spool.head))) throw new Backlog();
      yield since.takeAway(rows);
    }
  }

  /**
   * Readings before the position that the delivery has not passed yet. What it delivered ahead is among them, since late
   * readings between are not delivered: what the store has already is the same reading, and comes once.
   */
  async #pending({ filter, since, before }: PastQuestion, columns: PastColumns): Promise<PastRow[]> {
    const { spool } = this.#rooms;
    const { low } = spool.delivery;
    const rows: PastRow[] = [];
    if (low >= before) return rows;
    if (spool.status().heldBytes > maxPendingBytes) throw new Backlog();
    let at = low;
    while (at < before) {
      const readings = await this.#memory.windowAt(at);
      if (!readings) break;
      for (const index of readings.matching(filter)) {
        const position = readings.position + index;
        if (position < at || position >= before) continue;
        const row = columns.ofReading(readings, index);
        if (row && row.ts >= since) rows.push(row);
      }
      at = readings.end;
    }
    return rows;
  }
}
