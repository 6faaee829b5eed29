/**
 * From the spool into the store: read, write, commit how far it came. A crash in between only means that some readings are
 * written again, which changes nothing. It goes in order, from `low`; while that is busy with a backlog, a second lane
 * delivers fresh readings ahead of it (fresh-lane.ts). What the store refuses is dealt with in store-writing.ts.
 *
 * A store that does not keep the state gets a batch of each lane at the same time, so that what is fresh need not wait for
 * three answers, which may take seconds each. They have no reading in common as long as the one in order ends before the
 * other begins. A store that keeps the state takes one after the other, as each carries the state behind the one before.
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

/** A batch of one lane. */
interface Shipment {
  /** All that it concerns. */
  records: SpoolRecord[];
  consignment: Consignment;
  /** What the lane does once all of it is behind. */
  arrived: () => void | Promise<void>;
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
        if (!signal.aborted) await this.#deliver();
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

  /** One batch of each lane. */
  async #deliver(): Promise<void> {
    const fresh = await this.#nextFresh();
    if (fresh && !this.#rooms.writer.keepsDeliveryState) {
      const { low } = this.state;
      // Where it fails, it will again below, behind the fresh one.
      const inOrder = await this.#nextInOrder().catch(() => undefined);
      // Damage was passed, and the fresh one may be part of it.
      if (this.state.low > low) return;
      if (inOrder && inOrder.consignment.end < this.#freshLane.stretch!.next) return this.#ship(fresh, inOrder);
    }
    if (fresh) await this.#ship(fresh);
    if (this.#stop.signal.aborted) return;
    const inOrder = await this.#nextInOrder();
    if (inOrder) await this.#ship(inOrder);
  }

  /** From `low` on, without what was delivered ahead. */
  async #nextInOrder(): Promise<Shipment | undefined> {
    const { spool } = this.#rooms;
    // Taken before the read: what is appended meanwhile is not damaged because the read did not give it.
    const { head } = spool;
    const { records, batch } = await this.#backlog.take(this.state);
    const readableFrom = records[0]?.position ?? head;
    if (readableFrom > this.state.low) await this.#passDamage(readableFrom);
    // It was not passed: the service stops.
    if (readableFrom > this.state.low) return undefined;
    const last = records.at(-1);
    if (!last) return undefined;
    const end = last.position + last.count;
    this.#backlog.prepare(passInOrder(this.state, end), batch.payload.length);
    return {
      records,
      consignment: { batch, end, pass: passInOrder },
      arrived: async () => {
        this.#waiters.pass(0, end);
        this.#freshLane.closeWhenReached(end);
        if (this.#freshLane.stretch) return;
        await this.#freshLane.openWhenBehind(records, this.state, this.#writing.lastWriteMs);
      },
    };
  }

  /** What came in since the last of it, without late records; nothing while there is no backlog. */
  async #nextFresh(): Promise<Shipment | undefined> {
    const records = await this.#freshLane.read(this.state, this.#writing.lastWriteMs);
    const { stretch } = this.#freshLane;
    const last = records.at(-1);
    if (!stretch || !last) return undefined;
    const readableFrom = records[0]!.position;
    // Damage parts a stretch: what of it is to be counted, `low` will see.
    const from = readableFrom > stretch.next ? readableFrom : stretch.from;
    const end = last.position + last.count;
    const batch = joinRecords(records, this.state, false, this.#freshMemory);
    const pass = passAhead(from);
    if (batch.count === 0) {
      this.#freshLane.advance(from, end, records);
      return undefined;
    }
    if (pass(this.state, end).ranges.length > maxRanges) return undefined;
    return {
      records,
      consignment: { batch, end, pass },
      arrived: () => {
        for (const { position, count } of batch.runs) this.#waiters.pass(position, position + count);
        this.#freshLane.advance(from, end, records);
      },
    };
  }

  /** All of them at once, each to its end whatever becomes of the others. */
  async #ship(...shipments: Shipment[]): Promise<void> {
    await this.#inTurn(async () => {
      const ends = await Promise.allSettled(shipments.map((shipment) => this.#bring(shipment)));
      const errors = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
      if (errors.length > 1) throw new AggregateError(errors, 'neither lane could be delivered');
      if (errors.length > 0) throw errors[0];
    });
  }

  async #bring({ records, consignment, arrived }: Shipment): Promise<void> {
    const { spool, writer } = this.#rooms;
    const tally = await this.#writing.deliver(consignment);
    // The service stops.
    if (!tally) return;
    await spool.delivered(records, this.#writing.conclude(consignment, tally), !writer.keepsDeliveryState);
    await arrived();
  }

  async #passDamage(end: number): Promise<void> {
    const { spool, writer } = this.#rooms;
    await this.#inTurn(async () => {
      const { low } = this.state;
      // What was delivered ahead was so before its record was damaged; late ones were still to come.
      const lost = spool.pendingIn({ position: low, count: end - low });
      const tally = await this.#writing.passDamage(end, lost);
      if (tally)
        await spool.delivered(
          [],
          this.#writing.conclude({ end, pass: passInOrder }, tally),
          !writer.keepsDeliveryState,
        );
    });
  }
}
