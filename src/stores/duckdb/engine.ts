import type { DeliveryState, TypeColumns, WriteBatch, WriteResult } from '../../ports/history-store.js';
import { Catalog } from './catalog.js';
import { Database, type DatabaseOptions } from './database.js';
import { mergeLate, MergeSchedule } from './merge-late.js';
import type { Query } from './protocol.js';
import { removeDevice } from './remove-device.js';
import { RunningQuery } from './running-query.js';
import { DamagedBatch, writeBatch } from './write.js';

/** How often it is looked whether late rows are to be merged when nothing is written. */
const mergeLookMs = 5_000;

/** Everything that the worker does with the file. What changes the file is done one thing after the other. */
export class Engine {
  readonly #options: DatabaseOptions;
  readonly #merges = new MergeSchedule();
  #database!: Database;
  #catalog = new Catalog();
  #changes: Promise<unknown> = Promise.resolve();
  #mergeTimer: NodeJS.Timeout | undefined;

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

  kinds(): TypeColumns[] {
    return this.#catalog.kinds();
  }

  async deliveryState(): Promise<DeliveryState | null> {
    return this.#inTurn(async () => this.#catalog.delivery);
  }

  async write(batch: WriteBatch, state: DeliveryState): Promise<WriteResult> {
    return this.#inTurn(async () => {
      try {
        const result = await writeBatch(this.#database.writer, this.#catalog, batch, state);
        this.#mergeWhenDue();
        return result;
      } catch (error) {
        await this.#recover();
        const reason = error instanceof Error ? error.message : String(error);
        return { outcome: error instanceof DamagedBatch ? 'permanent' : 'temporary', reason };
      }
    });
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
      await mergeLate(writer, table);
      this.#merges.ended(startedAt, Date.now());
    }).catch((error: unknown) => process.emitWarning(`late readings could not be merged: ${String(error)}`));
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
