/**
 * Brings batches into the store: each is tried until the store has answered for good. What it refuses for good is split
 * down to the readings concerned; those go to quarantine, and the rest is stored. The state goes on once all of a batch is
 * behind, so that two can be under way: what became of it until then is in its tally.
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

/** What became of its readings so far. */
export interface Tally {
  stored: number;
  quarantined: number;
}

type Temporary = Extract<WriteResult, { outcome: 'temporary' }>;

/** The store took all of it; or parts were refused and are safe elsewhere; or the service stops and the rest is left. */
type Outcome = 'taken' | 'split' | 'stopped';

const nothing: WriteBatch = { payload: new Uint8Array(0), runs: [], count: 0 };

export class StoreWriting {
  state: DeliveryState = { low: 0, ranges: [], stored: 0, quarantined: 0 };
  /** How long it took until the store had answered the last batch for good. */
  lastWriteMs = 0;
  readonly #rooms: WritingRooms;
  readonly #retry: DeliveryPace['retry'];
  readonly #stop: AbortSignal;
  /** Waits after what nobody reckoned with. */
  readonly #rest: Backoff;
  /** Batches that are waiting to be tried again, and what was said of the last of them. */
  #waiting = 0;
  #trouble: string | undefined;
  /** Ends the waiting: the service stops, or the store has answered one of two batches for good, and takes the other too. */
  #waking = new AbortController();

  constructor(rooms: WritingRooms, retry: DeliveryPace['retry'], stop: AbortSignal) {
    this.#rooms = rooms;
    this.#retry = retry;
    this.#stop = stop;
    this.#rest = new Backoff(retry);
    stop.addEventListener('abort', () => this.#waking.abort());
  }

  /** Whether something could not be delivered when it was tried last. */
  get isWaiting(): boolean {
    return this.#waiting > 0 || this.#rest.failures > 0;
  }

  async rest(): Promise<void> {
    await this.#rest.wait(this.#stop);
  }

  /** @returns what `conclude` is called with; undefined when the service stops: the next start takes it from the kept state */
  async deliver(consignment: Consignment): Promise<Tally | undefined> {
    const tally = { stored: 0, quarantined: 0 };
    return (await this.#write(consignment, tally)) === 'stopped' ? undefined : tally;
  }

  /** @returns the state from now on */
  conclude({ end, pass }: Pick<Consignment, 'end' | 'pass'>, tally: Tally): DeliveryState {
    this.state = this.#stateBehind(pass, end, tally);
    return this.state;
  }

  /**
   * The records from `low` to `end` are damaged: counted with the quarantine, as nothing can be stored.
   * @param lost what of them was not delivered before
   * @returns as `deliver` does
   */
  async passDamage(end: number, lost: readonly Run[]): Promise<Tally | undefined> {
    const { quarantine, clock } = this.#rooms;
    const at = clock.now();
    const reason = 'its record in the spool is damaged';
    const entries = lost.flatMap(({ position, count }) =>
      Array.from({ length: count }, (_, index) => ({ id: position + index, at, reason, line: null })),
    );
    await quarantine.add(entries);
    const tally = { stored: 0, quarantined: entries.length };
    return (await this.#keep(passInOrder, end, tally)) ? tally : undefined;
  }

  #stateBehind(pass: Passing, end: number, { stored, quarantined }: Tally): DeliveryState {
    const { state } = this;
    return { ...pass(state, end), stored: state.stored + stored, quarantined: state.quarantined + quarantined };
  }

  async #write(consignment: Consignment, tally: Tally): Promise<Outcome> {
    const { batch, end, pass } = consignment;
    if (batch.count === 0) return (await this.#keep(pass, end, tally)) ? 'taken' : 'stopped';
    const result = await this.#attempt(consignment, tally);
    switch (result?.outcome) {
      case 'stored':
        tally.stored += batch.count;
        return 'taken';
      case undefined:
      case 'temporary':
        return 'stopped';
      case 'permanent':
        return this.#isolate(takeApart(batch), result.reason, consignment, tally);
      case 'partial': {
        const readings = takeApart(batch);
        const refused = new Map(result.refused.map(({ index, reason }) => [index, reason]));
        await this.#quarantine([...refused].map(([index, reason]) => ({ reading: readings[index]!, reason })));
        tally.stored += batch.count - refused.size;
        tally.quarantined += refused.size;
        return (await this.#keep(pass, end, tally)) ? 'split' : 'stopped';
      }
    }
  }

  /**
   * Halves what was refused as a whole, in order, until the readings that are at fault stand alone. When the first half of
   * it is taken, the fault is in the second, which then need not be tried as a whole: one bad reading in 50,000 costs
   * 17 to 33 more writes, of 50,000 to 100,000 lines together. A reading is given up only when it was refused alone.
   */
  async #isolate(readings: PartReading[], reason: string, { end, pass }: Consignment, tally: Tally): Promise<Outcome> {
    if (readings.length === 1) {
      await this.#quarantine([{ reading: readings[0]!, reason }]);
      tally.quarantined++;
      return (await this.#keep(pass, end, tally)) ? 'split' : 'stopped';
    }
    let suspects = readings;
    while (suspects.length > 1) {
      const half = suspects.slice(0, suspects.length >>> 1);
      const outcome = await this.#write({ batch: putTogether(half), end: half.at(-1)!.position + 1, pass }, tally);
      if (outcome === 'stopped') return outcome;
      suspects = suspects.slice(half.length);
      if (outcome === 'split') break;
    }
    const outcome = await this.#write({ batch: putTogether(suspects), end, pass }, tally);
    return outcome === 'stopped' ? outcome : 'split';
  }

  /** @returns undefined when the service stops before the store has answered for good */
  async #attempt({ batch, end, pass }: Consignment, tally: Tally): Promise<WriteResult | undefined> {
    const { writer, clock } = this.#rooms;
    return this.#untilAnswered(async () => {
      const fromMs = clock.now();
      const behind = { ...tally, stored: tally.stored + batch.count };
      const result = await writer.write(batch, this.#stateBehind(pass, end, behind));
      this.lastWriteMs = clock.now() - fromMs;
      return result;
    });
  }

  /** Keeps a state that no rows go with. @returns false when the service stops before that */
  async #keep(pass: Passing, end: number, tally: Tally): Promise<boolean> {
    const { writer } = this.#rooms;
    if (!writer.keepsDeliveryState) return true;
    const result = await this.#untilAnswered(() => writer.write(nothing, this.#stateBehind(pass, end, tally)));
    return result !== undefined;
  }

  /** Writes until the store has answered for good. @returns undefined when the service stops before that */
  async #untilAnswered(write: () => Promise<WriteResult>): Promise<WriteResult | undefined> {
    const first = await write();
    const answer = first.outcome === 'temporary' ? await this.#tryAgain(write, first) : first;
    this.#rest.reset();
    this.#waking.abort();
    if (!this.#stop.aborted) this.#waking = new AbortController();
    return answer;
  }

  async #tryAgain(write: () => Promise<WriteResult>, first: Temporary): Promise<WriteResult | undefined> {
    const { log } = this.#rooms;
    const backoff = new Backoff(this.#retry);
    let trouble: string | undefined;
    let last: WriteResult = first;
    this.#waiting++;
    try {
      while (last.outcome === 'temporary') {
        if (last.reason !== trouble && last.reason !== this.#trouble)
          log.warn({ reason: last.reason }, 'the store does not take readings now; they stay in the spool');
        trouble = last.reason;
        this.#trouble = trouble;
        await backoff.wait(this.#waking.signal, last.retryAfterMs);
        if (this.#stop.aborted) return undefined;
        last = await write();
      }
    } finally {
      this.#waiting--;
    }
    if (this.#waiting > 0) return last;
    log.info({ failures: backoff.failures }, 'the store takes readings again');
    this.#trouble = undefined;
    return last;
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
