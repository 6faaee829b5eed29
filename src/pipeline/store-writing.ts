/**
 * Brings batches into the store: each is tried until the store has answered for good. What it refuses for good is split
 * down to the readings concerned; those go to quarantine, and the rest is stored. The state goes on with what is behind.
 */
import type { DeliveryState, Run } from '../ports/delivery-state.js';
import type { Clock } from '../ports/clock.js';
import type { HistoryWriter, WriteBatch, WriteResult } from '../ports/history-store.js';
import type { Log } from '../ports/log.js';
import type { Quarantine } from '../ports/quarantine.js';
import { Backoff } from './backoff.js';
import type { DeliveryPace } from './delivery-pace.js';
import { putTogether, takeApart, type PartReading } from './part.js';
import { passInOrder, type Passing } from './progress.js';

export interface WritingRooms {
  writer: HistoryWriter;
  quarantine: Quarantine;
  clock: Clock;
  log: Log;
}

/** A batch, the position behind what it stands for, and what the state is once that is delivered. */
export interface Consignment {
  batch: WriteBatch;
  end: number;
  pass: Passing;
}

/** The store took all of it; or parts were refused and are safe elsewhere; or the service stops and the rest is left. */
type Outcome = 'taken' | 'split' | 'stopped';

const nothing: WriteBatch = { payload: new Uint8Array(0), runs: [], count: 0 };

export class StoreWriting {
  state: DeliveryState = { low: 0, ranges: [], stored: 0, quarantined: 0 };
  readonly #backoff: Backoff;
  readonly #rooms: WritingRooms;
  readonly #stop: AbortSignal;

  constructor(rooms: WritingRooms, retry: DeliveryPace['retry'], stop: AbortSignal) {
    this.#rooms = rooms;
    this.#backoff = new Backoff(retry);
    this.#stop = stop;
  }

  /** Whether the last attempt failed. */
  get isWaiting(): boolean {
    return this.#backoff.failures > 0;
  }

  async rest(): Promise<void> {
    await this.#backoff.wait(this.#stop);
  }

  /** @returns whether all of it is behind; else the next start takes it from the state that is kept */
  async deliver(consignment: Consignment): Promise<boolean> {
    return (await this.#write(consignment)) !== 'stopped';
  }

  /**
   * The records from `low` to `end` are damaged: counted with the quarantine, as nothing can be stored.
   * @param lost what of them was not delivered before
   */
  async passDamage(end: number, lost: readonly Run[]): Promise<void> {
    const { quarantine, clock } = this.#rooms;
    const at = clock.now();
    const reason = 'its record in the spool is damaged';
    const entries = lost.flatMap(({ position, count }) =>
      Array.from({ length: count }, (_, index) => ({ id: position + index, at, reason, line: null })),
    );
    await quarantine.add(entries);
    await this.#commit(passInOrder(this.state, end), 0, entries.length);
  }

  async #write(consignment: Consignment): Promise<Outcome> {
    const { batch, end, pass } = consignment;
    if (batch.count === 0) return this.#commit(pass(this.state, end), 0, 0);
    const result = await this.#attempt(consignment);
    switch (result?.outcome) {
      case 'stored':
        return 'taken';
      case undefined:
      case 'temporary':
        return 'stopped';
      case 'permanent':
        return this.#isolate(takeApart(batch), result.reason, consignment);
      case 'partial': {
        const readings = takeApart(batch);
        const refused = new Map(result.refused.map(({ index, reason }) => [index, reason]));
        await this.#quarantine([...refused].map(([index, reason]) => ({ reading: readings[index]!, reason })));
        return this.#commit(pass(this.state, end), batch.count - refused.size, refused.size);
      }
    }
  }

  /**
   * Halves what was refused as a whole, in order, until the readings that are at fault stand alone. When the first half of
   * it is taken, the fault is in the second, which then need not be tried as a whole: one bad reading in 50,000 costs
   * 17 to 33 more writes, of 50,000 to 100,000 lines together. A reading is given up only when it was refused alone.
   */
  async #isolate(readings: PartReading[], reason: string, { end, pass }: Consignment): Promise<Outcome> {
    if (readings.length === 1) {
      await this.#quarantine([{ reading: readings[0]!, reason }]);
      return this.#commit(pass(this.state, end), 0, 1);
    }
    let suspects = readings;
    while (suspects.length > 1) {
      const half = suspects.slice(0, suspects.length >>> 1);
      const outcome = await this.#write({ batch: putTogether(half), end: half.at(-1)!.position + 1, pass });
      if (outcome === 'stopped') return outcome;
      suspects = suspects.slice(half.length);
      if (outcome === 'split') break;
    }
    const outcome = await this.#write({ batch: putTogether(suspects), end, pass });
    return outcome === 'stopped' ? outcome : 'split';
  }

  /** Writes until the store has answered for good. @returns undefined when the service stops before that */
  async #attempt({ batch, end, pass }: Consignment): Promise<WriteResult | undefined> {
    const { writer, log } = this.#rooms;
    let trouble: string | undefined;
    for (;;) {
      const before = this.state;
      const state = { ...pass(before, end), stored: before.stored + batch.count };
      const result = await writer.write(batch, state);
      if (result.outcome !== 'temporary') {
        if (this.isWaiting) log.info({ failures: this.#backoff.failures }, 'the store takes readings again');
        this.#backoff.reset();
        if (result.outcome === 'stored') this.state = state;
        return result;
      }
      if (!this.isWaiting || result.reason !== trouble)
        log.warn({ reason: result.reason }, 'the store does not take readings now; they stay in the spool');
      trouble = result.reason;
      await this.#backoff.wait(this.#stop, result.retryAfterMs);
      if (this.#stop.aborted) return undefined;
    }
  }

  /** Keeps a state that no rows go with. */
  async #commit(passed: DeliveryState, stored: number, quarantined: number): Promise<Outcome> {
    const state = { ...passed, stored: passed.stored + stored, quarantined: passed.quarantined + quarantined };
    if (this.#rooms.writer.keepsDeliveryState) {
      while ((await this.#rooms.writer.write(nothing, state)).outcome === 'temporary') {
        await this.#backoff.wait(this.#stop);
        if (this.#stop.aborted) return 'stopped';
      }
      this.#backoff.reset();
    }
    this.state = state;
    return stored + quarantined === 0 ? 'taken' : 'split';
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
}
