/** The way of a batch from bytes to a receipt, the same for every transport. */
import type { Encoding } from '../codecs/codec.js';
import type { Codecs } from '../codecs/codecs.js';
import type { Batch } from '../domain/batch.js';
import { Refusal, type Receipt } from '../domain/refusal.js';
import type { Catalog } from '../ports/catalog.js';
import type { Clock } from '../ports/clock.js';
import type { Feed } from '../ports/feed.js';
import type { Spool } from '../ports/spool.js';
import type { Accepted, BatchTaker } from './batch-taker.js';
import { DurableLines } from './durable-lines.js';
import { Gathered } from './gathered.js';
import { LineMemory } from './line-memory.js';
import { Normalizer } from './normalize.js';
import { receiptOf } from './outcome.js';
import { Trial } from './trial.js';

export interface IngestLimits {
  maxBatchReadings: number;
  /** Bytes taken in and not yet acknowledged, over all transports. */
  maxInFlightBytes: number;
}

/** A batch that is taken, if it can be made durable. */
export interface Admitted {
  receipt: Receipt;
  /**
   * Position behind the last reading of those that are kept together, once these are durable; or why none is kept. The same
   * promise for all that arrive in one turn of the event loop.
   */
  kept: Promise<number | Refusal>;
}

/** A turn that has gathered so much is ended early, so that records stay of a size that is read back in one go. */
const largestTurnBytes = 1024 * 1024;

export class Ingest implements BatchTaker {
  readonly keeps = true;
  readonly #codecs: Codecs;
  readonly #normalizer: Normalizer;
  readonly #catalog: Catalog;
  readonly #spool: Spool;
  readonly #feed: Feed;
  readonly #clock: Clock;
  readonly #limits: IngestLimits;
  readonly #memory = new LineMemory();
  #received: number;
  #rejected: number;
  #inFlightBytes = 0;
  #isStopping = false;
  #turn: Turn | undefined;

  constructor(rooms: {
    codecs: Codecs;
    catalog: Catalog;
    spool: Spool;
    feed: Feed;
    clock: Clock;
    limits: IngestLimits;
  }) {
    this.#codecs = rooms.codecs;
    this.#catalog = rooms.catalog;
    this.#spool = rooms.spool;
    this.#feed = rooms.feed;
    this.#clock = rooms.clock;
    this.#limits = rooms.limits;
    this.#normalizer = new Normalizer(rooms.catalog, rooms.clock);
    this.#rejected = rooms.spool.rejectedTotal;
    this.#received = rooms.spool.head + this.#rejected;
  }

  /** Readings that got a receipt, since the data directory was made. */
  get received(): number {
    return this.#received;
  }

  get rejected(): number {
    return this.#rejected;
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  get maxBatchReadings(): number {
    return this.#limits.maxBatchReadings;
  }

  /** Media types of the formats that are understood. */
  get mediaTypes(): string[] {
    return this.#codecs.mediaTypes;
  }

  /** Bytes to a batch, or why they are none. Nothing is kept yet. */
  decode(bytes: Buffer, encoding: Encoding): Batch | Refusal {
    return this.#codecs.decode(bytes, encoding, this.#limits.maxBatchReadings);
  }

  /** Tells the receipts that batches would get now. @param type of readings that do not name theirs */
  trial(type: string): Trial {
    const { maxBatchReadings } = this.#limits;
    return new Trial({ codecs: this.#codecs, catalog: this.#catalog, clock: this.#clock, maxBatchReadings }, type);
  }

  /** From here on everything is refused; what was taken before is finished. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Why `bytes` more are not taken now; undefined when they are. */
  refusal(bytes: number): Refusal | undefined {
    if (this.#isStopping) return new Refusal('stopping', 'the service is stopping; connect again in a moment', 1000);
    if (this.#inFlightBytes + bytes > this.#limits.maxInFlightBytes) {
      return new Refusal('spool_full', 'too much is waiting to be made durable', 1000);
    }
    return this.#spool.refusal(bytes + (this.#turn?.bytes ?? 0));
  }

  /** Validates, makes durable and publishes. Returns when the accepted readings are durable. @param bytes as in `admit` */
  accept(batch: Batch, bytes: number): Promise<Accepted | Refusal> {
    const admitted = this.admit(batch, bytes);
    if (admitted instanceof Refusal) return Promise.resolve(admitted);
    const { receipt, kept } = admitted;
    // Not awaited here: that would hold the batch until then, and what lives so long costs the garbage collector most.
    return kept.then((end) => (end instanceof Refusal ? end : { receipt, end }));
  }

  /**
   * The same for one who waits for many batches at once.
   *
   * What arrives in one turn of the event loop is kept and published together: for single readings that is most of what
   * each would cost alone.
   * @param bytes size of what was decoded, for the bounds
   */
  admit(batch: Batch, bytes: number): Admitted | Refusal {
    const refusal = this.refusal(bytes);
    if (refusal) return refusal;
    const turn = (this.#turn ??= this.#beginTurn());
    const outcome = this.#normalizer.normalize(batch, turn.gathered);
    const receipt = receiptOf(batch, outcome);
    if (outcome.accepted === 0) {
      this.#count(outcome.rejected, outcome.rejected);
      this.#spool.countRejected(outcome.rejected);
      return { receipt, kept: Promise.resolve(this.#spool.head) };
    }
    turn.received += outcome.readings + outcome.rejected;
    turn.rejected += outcome.rejected;
    turn.bytes += bytes;
    this.#inFlightBytes += bytes;
    if (turn.gathered.bytes > largestTurnBytes) this.#endTurn(turn);
    return { receipt, kept: turn.kept };
  }

  #beginTurn(): Turn {
    const turn = new Turn(this.#clock.now(), this.#memory.take());
    setImmediate(() => this.#endTurn(turn));
    return turn;
  }

  #endTurn(turn: Turn): void {
    if (this.#turn === turn) this.#turn = undefined;
    if (turn.isEnded) return;
    turn.isEnded = true;
    if (turn.gathered.count > 0) void this.#keep(turn).then(turn.settle, turn.fail);
    else this.#memory.giveBack(turn.gathered.fresh.memory);
  }

  async #keep({ gathered, arrivedMs, received, rejected, bytes }: Turn): Promise<number | Refusal> {
    const { fresh, late } = gathered;
    const entries = [fresh, late]
      .filter(({ count }) => count > 0)
      .map((lines) => ({ payload: lines.bytes, count: lines.count, late: lines === late, arrivedMs }));
    this.#spool.countRejected(rejected);
    try {
      const { position, durable } = this.#spool.append(...entries);
      await durable;
      this.#catalog.observe(gathered.newest, arrivedMs);
      let end = position;
      for (const { count, payload } of entries) {
        const lines = new DurableLines(end, count, payload);
        this.#feed.publish(lines);
        lines.published();
        end += count;
      }
      this.#count(received, rejected);
      return end;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#spool.countRejected(-rejected);
      for (const { type, field } of gathered.taught) this.#catalog.removeField(type, field);
      return error;
    } finally {
      this.#inFlightBytes -= bytes;
      this.#memory.giveBack(fresh.memory);
    }
  }

  #count(received: number, rejected: number): void {
    this.#received += received;
    this.#rejected += rejected;
  }
}

/** What arrives in one turn of the event loop. */
class Turn {
  readonly gathered: Gathered;
  readonly arrivedMs: number;
  received = 0;
  rejected = 0;
  bytes = 0;
  isEnded = false;
  /** Position behind the last reading once all are durable, or why none is kept. */
  readonly kept: Promise<number | Refusal>;
  settle!: (end: number | Refusal) => void;
  fail!: (error: unknown) => void;

  /** @param memory for its lines */
  constructor(arrivedMs: number, memory: Buffer) {
    this.arrivedMs = arrivedMs;
    this.gathered = new Gathered(memory);
    this.kept = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.fail = reject;
    });
  }
}
