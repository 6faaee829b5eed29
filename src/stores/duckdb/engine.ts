import type { DeliveryState, TypeColumns, WriteBatch, WriteResult } from '../../ports/history-store.js';
import { Catalog } from './catalog.js';
import { Database, type DatabaseOptions } from './database.js';
import { mergeLate, MergeSchedule } from './merge-late.js';
import type { Query } from './protocol.js';
import { removeDevice } from './remove-device.js';
import { RunningQuery } from './running-query.js';
import { DamagedBatch, ParsedBatch } from './parsed-batch.js';
import { Haste } from './rests.js';
import { writeBatch } from './write.js';

/** How often it is looked whether late rows are to be merged when nothing is written. */
const mergeLookMs = 5_000;

interface PreparedBatch {
  batch: WriteBatch;
  /** Undefined when it could not be parsed. */
  parsed: ParsedBatch | undefined;
}

/** Everything that the worker does with the file. What changes the file is done one thing after the other. */
export class Engine {
  readonly #options: DatabaseOptions;
  readonly #merges = new MergeSchedule();
  readonly #haste = new Haste();
  #database!: Database;
  #catalog = new Catalog();
  #changes: Promise<unknown> = Promise.resolve();
  #mergeTimer: NodeJS.Timeout | undefined;
  #prepared: PreparedBatch | undefined;
  #heldFrom: number | undefined;

  constructor(options: DatabaseOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    this.#database = await Database.open(this.#options);
    this.#catalog = await Catalog.load(this.#database.writer);
    this.#mergeTimer = setInterval(() => this.#mergeWhenDue(), mergeLookMs);
  }

  async close(): Promise<void> {
    clearInterval(this.#mergeTimer);
    await this.#changes.catch(() => undefined);
    await this.#database.close();
  }

  async abandon(): Promise<void> {
    clearInterval(this.#mergeTimer);
    await this.#changes.catch(() => undefined);
    this.#database.abandon();
  }

  /** @param position merging is not to hide what was accepted before it; undefined for nothing */
  hold(position: number | undefined): void {
    this.#heldFrom = position;
  }

  kinds(): TypeColumns[] {
    return this.#catalog.kinds();
  }

  async deliveryState(): Promise<DeliveryState | null> {
    return this.#inTurn(async () => this.#catalog.delivery);
  }

  /** Takes the batch that is likely to be written next and parses it, as long as this thread has nothing else to do. */
  prepare(batch: WriteBatch): void {
    this.#prepared = { batch, parsed: undefined };
    try {
      this.#prepared.parsed = this.#parse(batch);
    } catch {
      // The write will say it.
    }
  }

  /** @param given a batch, or that it is the prepared one */
  async write(given: WriteBatch | 'prepared', state: DeliveryState): Promise<WriteResult> {
    const { batch, parsed } = given === 'prepared' ? this.#takePrepared() : { batch: given, parsed: undefined };
    return this.#inTurn(async () => {
      try {
        const catalog = this.#catalog;
        const rows = parsed?.isUpToDate(catalog) ? parsed : this.#parse(batch);
        const result = await writeBatch(this.#database.writer, catalog, rows, state);
        this.#mergeWhenDue();
        if (rows.rests.areDue) this.#checkpointEarly();
        return result;
      } catch (error) {
        await this.#recover();
        const reason = error instanceof Error ? error.message : String(error);
        return { outcome: error instanceof DamagedBatch ? 'permanent' : 'temporary', reason };
      }
    });
  }

  #parse(batch: WriteBatch): ParsedBatch {
    return new ParsedBatch(this.#catalog, batch, this.#haste.restsFor(batch.payload.length));
  }

  #takePrepared(): PreparedBatch {
    const prepared = this.#prepared;
    if (!prepared) throw new Error('there is no batch prepared');
    this.#prepared = undefined;
    return prepared;
  }

  async retain(beforeMs: number): Promise<void> {
    await this.#change(async ({ writer }) => {
      const before = BigInt(Math.floor(beforeMs)) * 1_000_000n;
      for (const { main, late } of this.#catalog.tables.values()) {
        await writer.run(`DELETE FROM ${main} WHERE ts < ${before}`);
        await writer.run(`DELETE FROM ${late} WHERE ts < ${before}`);
      }
    });
  }

  async remove(device: string): Promise<void> {
    await this.#change(({ writer }) => removeDevice(writer, this.#catalog, device));
  }

  async query(query: Query): Promise<RunningQuery> {
    return new RunningQuery(await this.#database.reader(), this.#catalog, query);
  }

  #mergeWhenDue(): void {
    if (!this.#merges.due(this.#catalog, Date.now())) return;
    this.#change(async ({ writer }) => {
      const startedAt = Date.now();
      const table = this.#merges.due(this.#catalog, startedAt);
      if (!table) return;
      await mergeLate(writer, table, this.#heldFrom);
      this.#merges.ended(startedAt, Date.now());
    }).catch((error: unknown) => process.emitWarning(`late readings could not be merged: ${String(error)}`));
  }

  #checkpointEarly(): void {
    this.#inTurn(() => this.#database.checkpointEarly()).catch((error: unknown) =>
      process.emitWarning(`the log of the database stays long for now: ${String(error)}`),
    );
  }

  /** Does something that changes the file; after a failure the file is as before, and is known again. */
  async #change(work: (database: Database) => Promise<void>): Promise<void> {
    await this.#inTurn(async () => {
      try {
        await work(this.#database);
      } catch (error) {
        await this.#recover();
        throw error;
      }
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changes.catch(() => undefined).then(work);
    this.#changes = done;
    return done;
  }

  /** @throws DatabaseLost */
  async #recover(): Promise<void> {
    const { writer } = this.#database;
    // Where no transaction is open, the rollback fails, which is as good.
    await writer.run('ROLLBACK').catch(() => undefined);
    try {
      this.#catalog = await Catalog.load(writer, this.#catalog);
    } catch (error) {
      throw new DatabaseLost('the open database is beyond use', { cause: error });
    }
  }
}

/** DuckDB gives up on an open database after some failures; the worker ends then, and the next one opens the file anew. */
export class DatabaseLost extends Error {}
