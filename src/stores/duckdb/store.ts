import { aggregateRows as aggregatePlainly } from '../../domain/aggregate.js';
import type {
  AggregateQuery,
  AggregateRow,
  DeliveryState,
  HistoryReader,
  HistoryStore,
  HistoryWriter,
  NewestOfSeries,
  RemoveResult,
  ScanQuery,
  ScanRow,
  TypeColumns,
  WriteBatch,
  WriteResult,
} from '../../ports/history-store.js';
import { StoreAway } from '../../ports/history-store.js';
import { aggregateRows, scanRows } from './answers.js';
import type { DatabaseOptions } from './database.js';
import { HeldPositions } from './held-positions.js';
import { hasMixedKinds } from './mixed-kinds.js';
import { PayloadMemory } from './payload-memory.js';
import { Session } from './session.js';

/** History in an embedded DuckDB, `history.duckdb` in its directory. A worker does the work; when it dies, a new one is started. */
export class DuckDbStore implements HistoryStore, HistoryWriter, HistoryReader {
  readonly name = 'duckdb';
  readonly writer: HistoryWriter = this;
  readonly reader: HistoryReader = this;
  readonly keepsDeliveryState = true;
  readonly knowsPositions = true;
  readonly #options: DatabaseOptions;
  readonly #held = new HeldPositions();
  #session: Promise<Session> | undefined;
  readonly #memory = new PayloadMemory();
  #prepared:
    { batch: WriteBatch; payload: Uint8Array<SharedArrayBuffer>; session: Promise<Session | undefined> } | undefined;
  #isStopped = false;

  constructor(options: DatabaseOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#isStopped = false;
    this.#session = this.#begin();
    await this.#session;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const session = await this.#session?.catch(() => undefined);
    this.#session = undefined;
    await session?.stop();
  }

  async deliveryState(): Promise<DeliveryState | null> {
    return (await this.#open()).ask('deliveryState', {});
  }

  prepare(batch: WriteBatch): void {
    const before = this.#prepared;
    const payload = this.#memory.copy(batch.payload);
    const session = this.#handOver({ ...batch, payload });
    this.#prepared = { batch, payload, session };
    // The worker may look at what it has until it has another.
    void session.finally(() => before && this.#memory.giveBack(before.payload));
  }

  /** @returns the session whose worker has it; undefined when none is there */
  async #handOver(batch: WriteBatch): Promise<Session | undefined> {
    try {
      const session = await this.#session;
      await session?.ask('prepare', { batch });
      return session;
    } catch {
      // The write will find out.
      return undefined;
    }
  }

  async write(batch: WriteBatch, state: DeliveryState): Promise<WriteResult> {
    const prepared = this.#prepared?.batch === batch ? this.#prepared : undefined;
    if (prepared) this.#prepared = undefined;
    const payload = prepared?.payload ?? this.#memory.copy(batch.payload);
    try {
      const session = await this.#open();
      const isThere = prepared !== undefined && (await prepared.session) === session;
      return await session.ask('write', { batch: isThere ? 'prepared' : { ...batch, payload }, state });
    } catch (error) {
      if (error instanceof StoreAway) return { outcome: 'temporary', reason: error.message };
      throw error;
    } finally {
      this.#memory.giveBack(payload);
    }
  }

  async retain(beforeMs: number): Promise<void> {
    await (await this.#open()).ask('retain', { beforeMs });
  }

  async remove(device: string): Promise<RemoveResult> {
    try {
      await (await this.#open()).ask('remove', { device });
      return { outcome: 'removed' };
    } catch (error) {
      if (error instanceof StoreAway) return { outcome: 'temporary', reason: error.message };
      throw error;
    }
  }

  async kinds(): Promise<TypeColumns[]> {
    return (await this.#open()).ask('kinds', {});
  }

  async *scan(scan: ScanQuery): AsyncGenerator<ScanRow[]> {
    yield* scanRows((await this.#open()).chunks({ kind: 'scan', scan }));
  }

  async *aggregate(aggregate: AggregateQuery): AsyncGenerator<AggregateRow[]> {
    if (aggregate.edges.length < 2) return;
    if (hasMixedKinds(aggregate)) {
      yield* aggregatePlainly(this.scan(rowsBehind(aggregate)), aggregate);
      return;
    }
    yield* aggregateRows((await this.#open()).chunks({ kind: 'aggregate', aggregate }));
  }

  async *newest(): AsyncGenerator<NewestOfSeries[]> {
    yield* (await this.#open()).chunks({ kind: 'newest' });
  }

  hold(position: number): () => void {
    const release = this.#held.add(position);
    this.#tellHeld();
    return () => {
      release();
      this.#tellHeld();
    };
  }

  /** What is accepted from now on comes to the worker behind this. */
  #tellHeld(): void {
    const position = this.#held.lowest;
    // A new session is told when it begins.
    this.#session?.then(async (session) => session.ask('hold', { position })).catch(() => undefined);
  }

  async #begin(): Promise<Session> {
    const session = await Session.open(this.#options);
    await session.ask('hold', { position: this.#held.lowest });
    return session;
  }

  /** The session at hand, or a new one when its worker has died or could not open the file. @throws StoreAway */
  async #open(): Promise<Session> {
    if (this.#isStopped || !this.#session) throw new StoreAway('the store is not running');
    const tried = this.#session;
    const session = await tried.catch(() => undefined);
    if (session && !session.hasEnded) return session;
    // Whoever comes here first starts the new one, for all.
    if (this.#session === tried) this.#session = this.#begin();
    try {
      return await this.#session;
    } catch (error) {
      throw new StoreAway(error instanceof Error ? error.message : String(error));
    }
  }
}

/** The rows that an aggregate is made of; it has two edges at least. */
function rowsBehind({ columns, series, edges }: AggregateQuery): ScanQuery {
  return { columns, series, from: edges[0]!, to: edges.at(-1)!, order: 'asc' };
}
