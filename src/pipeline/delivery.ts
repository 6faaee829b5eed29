/**
 * From the spool into the store, in order: read, write, commit how far it came. A crash in between only means that some
 * readings are written again, which changes nothing. What the store refuses for good is split down to the readings
 * concerned; those go to quarantine, and the rest is stored.
 */
import { Refusal } from '../domain/refusal.js';
import type { Clock } from '../ports/clock.js';
import type { DeliveryState, HistoryWriter, WriteBatch, WriteResult } from '../ports/history-store.js';
import type { Log } from '../ports/log.js';
import type { Quarantine } from '../ports/quarantine.js';
import type { Spool, SpoolRecord } from '../ports/spool.js';
import { Backoff } from './backoff.js';
import { joinRecords, putTogether, takeApart, type PartReading } from './part.js';
import { StoreWaiters } from './store-waiters.js';

export interface DeliveryRooms {
  spool: Spool;
  writer: HistoryWriter;
  quarantine: Quarantine;
  clock: Clock;
  log: Log;
}

/** About 50,000 readings: larger commits cost a store more in stalls than they save. */
const batchBytes = 5 * 1024 * 1024;
/** A store likes large batches: a small one waits this long for company, unless somebody waits for it. */
const gatherMs = 100;
const smallBatchBytes = batchBytes / 10;
/** How long a stop waits for a store that does not answer. */
const stopPatienceMs = 3_000;

export class Delivery {
  readonly #rooms: DeliveryRooms;
  readonly #backoff = new Backoff({ firstMs: 250, longestMs: 15_000 });
  readonly #stop = new AbortController();
  #state: DeliveryState = { low: 0, ranges: [], stored: 0, quarantined: 0 };
  #running: Promise<void> | undefined;
  readonly #waiters = new StoreWaiters();
  #hurry: (() => void) | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(rooms: DeliveryRooms) {
    this.#rooms = rooms;
  }

  start(): void {
    this.#state = this.#rooms.spool.delivery;
    this.#running = this.#run();
  }

  /** Ends after the write that is under way, or without its answer: then it is written again after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#hurry?.();
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, stopPatienceMs);
    });
    await Promise.race([this.#running, patience]);
    clearTimeout(timer);
  }

  /** Answers everybody who waits for the store, and nobody can wait from then on. */
  stopWaiting(): void {
    this.#waiters.end();
  }

  get state(): DeliveryState {
    return this.#state;
  }

  /** Whether everything before `position` is in the store (or the quarantine) before the time is over. */
  async untilStored(position: number, timeoutMs: number): Promise<boolean> {
    if (this.#state.low >= position) return true;
    const isStored = this.#waiters.wait(position, timeoutMs);
    this.#hurry?.();
    return isStored;
  }

  /**
   * Does something with the store between two deliveries, so that neither disturbs the other.
   * @throws Refusal `store_away` at once when the delivery waits for the store
   */
  async between<T>(work: (state: DeliveryState) => Promise<T>): Promise<T> {
    if (this.#backoff.failures > 0) throw new Refusal('store_away', 'the store does not take readings now', 5000);
    return this.#inTurn(() => work(this.#state));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #run(): Promise<void> {
    const { spool, log } = this.#rooms;
    while (!this.#stop.signal.aborted) {
      try {
        await spool.untilBeyond(this.#state.low, this.#stop.signal);
        if (this.#stop.signal.aborted) return;
        await this.#gather();
        if (this.#stop.signal.aborted) return;
        // Taken before the read: what is appended meanwhile is not damaged because the read did not give it.
        const head = spool.head;
        const records = await spool.read(this.#state.low, batchBytes);
        await this.#inTurn(async () => {
          await this.#passDamage(records[0]?.position ?? head);
          if (records.length > 0) await this.#deliver(records);
        });
        this.#waiters.pass(this.#state.low);
      } catch (error) {
        log.error({ err: error }, 'delivery stumbled; it will be tried again');
        await this.#backoff.wait(this.#stop.signal);
      }
    }
  }

  async #gather(): Promise<void> {
    if (!this.#waiters.isEmpty || this.#rooms.spool.status().pendingBytes >= smallBatchBytes) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, gatherMs);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#hurry = undefined;
  }

  async #deliver(records: SpoolRecord[]): Promise<void> {
    const { spool, writer } = this.#rooms;
    const batch = joinRecords(records, this.#state.low);
    await this.#write(batch);
    const last = batch.runs.at(-1)!;
    // Not all of it when the service stops in between: the next start takes it from the state that is kept.
    if (this.#state.low < last.position + last.count) return;
    await spool.delivered(records, this.#state, !writer.keepsDeliveryState);
  }

  /** Brings the state behind this batch, whatever the store says of it. @returns whether the store took all of it */
  async #write(batch: WriteBatch): Promise<boolean> {
    const result = await this.#attempt(batch);
    switch (result?.outcome) {
      case 'stored':
        return true;
      case undefined: // The service stops: nothing is committed, the next start takes it from here.
      case 'temporary':
        return false;
      case 'permanent':
        await this.#isolate(takeApart(batch), result.reason);
        return false;
      case 'partial': {
        const readings = takeApart(batch);
        const refused = new Map(result.refused.map(({ index, reason }) => [index, reason]));
        await this.#quarantine([...refused].map(([index, reason]) => ({ reading: readings[index]!, reason })));
        await this.#commit({
          ...stateAfter(this.#state, batch),
          stored: this.#state.stored + batch.count - refused.size,
          quarantined: this.#state.quarantined + refused.size,
        });
        return false;
      }
    }
  }

  /**
   * Halves what was refused as a whole, in order, until the readings that are at fault stand alone. When the first half of
   * it is taken, the fault is in the second, which then need not be tried as a whole: one bad reading in 50,000 costs
   * 17 to 33 more writes, of 50,000 to 100,000 lines together. A reading is given up only when it was refused alone.
   */
  async #isolate(readings: PartReading[], reason: string): Promise<void> {
    if (readings.length === 1) return this.#giveUp(readings[0]!, reason);
    let suspects = readings;
    while (suspects.length > 1 && !this.#stop.signal.aborted) {
      const middle = suspects.length >>> 1;
      const isTaken = await this.#write(putTogether(suspects.slice(0, middle)));
      suspects = suspects.slice(middle);
      if (!isTaken) break;
    }
    if (!this.#stop.signal.aborted) await this.#write(putTogether(suspects));
  }

  async #giveUp(reading: PartReading, reason: string): Promise<void> {
    await this.#quarantine([{ reading, reason }]);
    await this.#commit({ ...this.#state, low: reading.position + 1, quarantined: this.#state.quarantined + 1 });
  }

  /** Writes until the store has answered for good. @returns undefined when the service stops before that */
  async #attempt(batch: WriteBatch): Promise<WriteResult | undefined> {
    const { writer, log } = this.#rooms;
    let trouble: string | undefined;
    for (;;) {
      const state = stateAfter(this.#state, batch);
      // The store owns what it is given; another attempt, or a look at what it refused, needs the bytes again.
      const result = await writer.write({ ...batch, payload: Uint8Array.from(batch.payload) }, state);
      if (result.outcome !== 'temporary') {
        if (this.#backoff.failures > 0)
          log.info({ failures: this.#backoff.failures }, 'the store takes readings again');
        this.#backoff.reset();
        if (result.outcome === 'stored') this.#state = state;
        return result;
      }
      if (this.#backoff.failures === 0 || result.reason !== trouble)
        log.warn({ reason: result.reason }, 'the store does not take readings now; they stay in the spool');
      trouble = result.reason;
      await this.#backoff.wait(this.#stop.signal, result.retryAfterMs);
      if (this.#stop.signal.aborted) return undefined;
    }
  }

  /** Keeps a state that no rows go with. */
  async #commit(state: DeliveryState): Promise<void> {
    if (this.#rooms.writer.keepsDeliveryState) {
      const nothing: WriteBatch = { payload: new Uint8Array(0), runs: [], count: 0 };
      while ((await this.#rooms.writer.write(nothing, state)).outcome === 'temporary') {
        await this.#backoff.wait(this.#stop.signal);
        if (this.#stop.signal.aborted) return;
      }
    }
    this.#state = state;
  }

  async #quarantine(refused: { reading: PartReading; reason: string }[]): Promise<void> {
    const { quarantine, clock, log } = this.#rooms;
    const at = clock.now();
    await quarantine.add(
      refused.map(({ reading: { position, line }, reason }) => ({ id: position, at, reason, line })),
    );
    log.warn(
      { readings: refused.length, reason: refused[0]?.reason },
      'the store refused readings for good; they are in quarantine',
    );
  }

  /** Positions whose records are damaged: counted with the quarantine, since nothing of them can be stored. */
  async #passDamage(readableFrom: number): Promise<void> {
    const { low, quarantined } = this.#state;
    if (readableFrom <= low) return;
    const { spool, writer, quarantine, clock } = this.#rooms;
    const at = clock.now();
    const reason = 'its record in the spool is damaged';
    const damaged = Array.from({ length: readableFrom - low }, (_, index) => ({
      id: low + index,
      at,
      reason,
      line: null,
    }));
    await quarantine.add(damaged);
    await this.#commit({ ...this.#state, low: readableFrom, quarantined: quarantined + damaged.length });
    await spool.delivered([], this.#state, !writer.keepsDeliveryState);
  }
}

function stateAfter(state: DeliveryState, batch: WriteBatch): DeliveryState {
  const last = batch.runs.at(-1);
  const low = last ? last.position + last.count : state.low;
  return { ...state, low, stored: state.stored + batch.count };
}
