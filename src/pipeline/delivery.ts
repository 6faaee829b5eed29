/**
 * From the spool into the store: read, write, commit how far it came. A crash in between only means that some readings are
 * written again, which changes nothing. It goes in order, from `low`; while that is busy with a backlog, a second lane
 * delivers fresh readings ahead of it (fresh-lane.ts). What the store refuses is dealt with in store-writing.ts.
 */
import { Refusal } from '../domain/refusal.js';
import { ReusedBytes } from '../domain/reused-bytes.js';
import { maxRanges, type DeliveryState } from '../ports/delivery-state.js';
import type { Spool, SpoolRecord } from '../ports/spool.js';
import { usualPace, type DeliveryPace } from './delivery-pace.js';
import { FreshLane } from './fresh-lane.js';
import { joinRecords } from './part.js';
import { passAhead, passInOrder } from './progress.js';
import { ReadAhead } from './read-ahead.js';
import { StoreWaiters } from './store-waiters.js';
import { StoreWriting, type Consignment, type WritingRooms } from './store-writing.js';

export interface DeliveryRooms extends WritingRooms {
  spool: Spool;
}

/** How long a stop waits for a store that does not answer. */
const stopPatienceMs = 3_000;

export class Delivery {
  readonly #rooms: DeliveryRooms;
  readonly #pace: DeliveryPace;
  readonly #stop = new AbortController();
  readonly #writing: StoreWriting;
  readonly #freshLane: FreshLane;
  readonly #backlog: ReadAhead;
  readonly #freshMemory = new ReusedBytes();
  readonly #waiters = new StoreWaiters();
  #running: Promise<void> | undefined;
  #hurry: (() => void) | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(rooms: DeliveryRooms, pace: DeliveryPace = usualPace) {
    this.#rooms = rooms;
    this.#pace = pace;
    this.#writing = new StoreWriting(rooms, pace.retry, this.#stop.signal);
    this.#freshLane = new FreshLane(rooms.spool, rooms.clock, pace);
    this.#backlog = new ReadAhead(rooms, pace.batchBytes);
  }

  start(): void {
    const { delivery } = this.#rooms.spool;
    this.#writing.state = delivery;
    this.#freshLane.resume(delivery);
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
    return this.#writing.state;
  }

  /**
   * Whether the reading before `position` is in the store (or the quarantine) before the time is over, and with it all
   * that were accepted together with it: a lane delivers those in order.
   */
  async untilStored(position: number, timeoutMs: number): Promise<boolean> {
    if (await this.#isStoredAhead(position - 1)) return true;
    if (this.state.low >= position) return true;
    const isStored = this.#waiters.wait(position, timeoutMs);
    this.#hurry?.();
    return isStored;
  }

  async #isStoredAhead(position: number): Promise<boolean> {
    if (!this.state.ranges.some(([from, to]) => position >= from && position < to)) return false;
    const [record] = await this.#rooms.spool.read(position, 1);
    return record?.late === false;
  }

  /**
   * Does something with the store between two deliveries, so that neither disturbs the other.
   * @throws Refusal `store_away` at once when the delivery waits for the store
   */
  async between<T>(work: (state: DeliveryState) => Promise<T>): Promise<T> {
    if (this.#writing.isWaiting) throw new Refusal('store_away', 'the store does not take readings now', 5000);
    return this.#inTurn(() => work(this.state));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #run(): Promise<void> {
    const { spool, log } = this.#rooms;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await spool.untilBeyond(this.state.low, signal);
        if (!signal.aborted) await this.#gather();
        if (!signal.aborted) await this.#deliverFresh();
        if (!signal.aborted) await this.#deliverInOrder();
      } catch (error) {
        log.error({ err: error }, 'delivery stumbled; it will be tried again');
        await this.#writing.rest();
      }
    }
  }

  async #gather(): Promise<void> {
    const isSmall = this.#rooms.spool.status().pendingBytes < this.#pace.batchBytes / 10;
    if (!this.#waiters.isEmpty || !isSmall) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#pace.gatherMs);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#hurry = undefined;
  }

  /** One batch from `low` on, without what was delivered ahead. */
  async #deliverInOrder(): Promise<void> {
    const { spool } = this.#rooms;
    // Taken before the read: what is appended meanwhile is not damaged because the read did not give it.
    const { head } = spool;
    const { records, batch } = await this.#backlog.take(this.state);
    const readableFrom = records[0]?.position ?? head;
    if (readableFrom > this.state.low) await this.#passDamage(readableFrom);
    const last = records.at(-1);
    if (!last) return;
    const end = last.position + last.count;
    this.#backlog.prepare(passInOrder(this.state, end), batch.payload.length);
    if (!(await this.#ship(records, { batch, end, pass: passInOrder }))) return;
    this.#waiters.pass(0, this.state.low);
    this.#freshLane.closeWhenReached(this.state.low);
    if (!this.#freshLane.stretch) await this.#freshLane.openWhenBehind(records, this.state);
  }

  /** One batch of what came in since the last, without late records; nothing while there is no backlog. */
  async #deliverFresh(): Promise<void> {
    await this.#freshLane.leapWhenBehind(this.state);
    const { stretch } = this.#freshLane;
    const records = await this.#freshLane.read();
    const last = records.at(-1);
    if (!stretch || !last) return;
    const readableFrom = records[0]!.position;
    // Damage parts a stretch: what of it is to be counted, `low` will see.
    const from = readableFrom > stretch.next ? readableFrom : stretch.from;
    const end = last.position + last.count;
    const batch = joinRecords(records, this.state, false, this.#freshMemory);
    const pass = passAhead(from);
    if (batch.count > 0) {
      if (pass(this.state, end).ranges.length > maxRanges) return;
      if (!(await this.#ship(records, { batch, end, pass }))) return;
      for (const { position, count } of batch.runs) this.#waiters.pass(position, position + count);
    }
    this.#freshLane.advance(from, end, records);
  }

  /** @returns whether all of it is behind, unless the service stops */
  async #ship(records: SpoolRecord[], consignment: Consignment): Promise<boolean> {
    const { spool, writer } = this.#rooms;
    return this.#inTurn(async () => {
      const isBehind = await this.#writing.deliver(consignment);
      if (isBehind) await spool.delivered(records, this.state, !writer.keepsDeliveryState);
      return isBehind;
    });
  }

  async #passDamage(end: number): Promise<void> {
    const { spool, writer } = this.#rooms;
    await this.#inTurn(async () => {
      const { low } = this.state;
      // What was delivered ahead was so before its record was damaged; late ones were still to come.
      await this.#writing.passDamage(end, spool.pendingIn({ position: low, count: end - low }));
      await spool.delivered([], this.state, !writer.keepsDeliveryState);
    });
  }
}
