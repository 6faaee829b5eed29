/**
 * The spool: a segmented, append-only log. Format: format.ts. What a start does with what it finds: recovery.ts.
 *
 * Invariants
 * - `append` is acknowledged (`durable`) only after the record and all before it are on the medium.
 * - Group commit: while one durable write is under way, everything that arrives is gathered, and goes with the next one.
 * - After a failed write or sync a segment is never written again: what the kernel kept of it is not known. The records
 *   that waited are refused, their positions are given out again, and the log goes on in a new segment whose first
 *   position makes void what the old one may hold beyond it. Until that segment is durable, nothing is taken.
 * - Only durable records can be read.
 * - A segment is removed when all of it is delivered and the delivered ones take more than `keepBytes`; nobody waits for it.
 */
import { Refusal } from '../domain/refusal.js';
import { ReusedBytes } from '../domain/reused-bytes.js';
import { deliveredEnd, type DeliveryState, type Run } from '../ports/delivery-state.js';
import type { Appended, Spool, SpoolEntry, SpoolRecord, SpoolStatus } from '../ports/spool.js';
import { Backlog } from './backlog.js';
import { CommitGroup } from './commit-group.js';
import { Damage, type Hole } from './damage.js';
import { readDelivery, writeDelivery } from './delivery-file.js';
import { nodeFiles, type FileLayer } from './files.js';
import { HeadWaiters } from './head-waiters.js';
import { readRecords } from './read.js';
import { recover, type Recovered } from './recovery.js';
import { Segments } from './segments.js';
import { isFull, Standstill } from './standstill.js';

export interface SpoolOptions {
  directory: string;
  /** Undelivered bytes at most. */
  maxBytes: number;
  /** Delivered bytes kept for readers that come back. */
  keepBytes: number;
  files?: FileLayer;
  /** How long to wait, after a failure, before it is tried to go on. */
  retryEveryMs?: number;
  onFailure?: (reason: Error) => void;
  onRecovery?: () => void;
  /** A segment that is delivered cannot be removed; it is tried again when the next one is due. */
  onRemovalFailure?: (reason: Error) => void;
  /** Readings were found damaged, at start or since. Told once. */
  onDamage?: (range: { from: number; to: number; file?: string }) => void;
}

const largestSegmentBytes = 32 * 1024 * 1024;
const smallestSegmentBytes = 64 * 1024;
const defaultRetryEveryMs = 1000;

export class SegmentedSpool implements Spool {
  readonly #options: SpoolOptions;
  readonly #files: FileLayer;
  readonly #segmentBytes: number;
  readonly #segments: Segments;
  #head = 0;
  /** The position that the next entry gets; ahead of `head` by what waits for its sync. */
  #next = 0;
  #rejectedTotal = 0;
  readonly #backlog = new Backlog();
  readonly #damage = new Damage();
  readonly #peeked = new ReusedBytes();
  /** What follows from the deliveries that were reported last, one after the other. */
  #settled: Promise<void> = Promise.resolve();
  #waitingBytes = 0;
  #group = new CommitGroup();
  /** Memory of a group that is written, for the one after the next: fresh memory of this size brings on garbage collections. */
  #spareChunk: Buffer | undefined;
  #flushing: Promise<void> | undefined;
  readonly #standstill: Standstill;
  readonly #waiters = new HeadWaiters();

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#files = options.files ?? nodeFiles;
    this.#segmentBytes = Math.min(
      largestSegmentBytes,
      Math.max(smallestSegmentBytes, Math.floor(options.maxBytes / 8)),
    );
    const { retryEveryMs = defaultRetryEveryMs, onFailure, onRecovery, onRemovalFailure } = options;
    this.#standstill = new Standstill(() => this.#openSegment(), { retryEveryMs, onFailure, onRecovery });
    this.#segments = new Segments(this.#files, options.directory, onRemovalFailure);
  }

  /**
   * @param storeDelivery what the store says of the delivery, where it keeps the state beside its rows
   * @returns what was found damaged or torn
   */
  async start(
    storeDelivery: DeliveryState | null,
  ): Promise<Pick<Recovered, 'damaged' | 'damagedHeaders' | 'tornBytes'>> {
    const { directory } = this.#options;
    await this.#files.makeDirectory(directory);
    const delivery = storeDelivery ?? (await readDelivery(this.#files, directory));
    if (delivery) this.#backlog.start(delivery);
    const found = await recover(this.#files, directory, (header, bytes) => {
      this.#backlog.add(header, bytes, header.arrivedMs);
    });
    await this.#take(found);
    // Segments go when they are delivered, so a state that is lost was at the first one that is left, or beyond it.
    if (!delivery) this.#backlog.start({ low: this.tail, ranges: [], stored: this.tail, quarantined: 0 });
    if (!this.#segments.newest) await this.#openSegment();
    return found;
  }

  async #take(found: Recovered): Promise<void> {
    this.#segments.take(found.segments);
    // A store that is ahead has seen readings whose log is gone: positions go on behind them.
    this.#head = Math.max(found.head, deliveredEnd(this.delivery));
    this.#next = this.#head;
    this.#rejectedTotal = found.rejectedTotal;
    for (const { from, to, file } of found.damaged) this.#lose(from, to, file);
    this.#damage.takePassed(this.delivery.low);
    if (this.#head === found.head) return;
    if (this.delivery.low >= found.head) {
      await this.#segments.clear();
    } else {
      // What the log has is not delivered yet; what was accepted behind it is lost, but for what was delivered ahead.
      this.#lose(found.head, this.#head, found.segments.at(-1)!.path);
      await this.#openSegment();
    }
  }

  #lose(from: number, to: number, file: string): void {
    this.#damage.add({ from, to, bytes: 0 });
    // Accepted and not delivered: they are pending until the delivery has passed them.
    this.#backlog.add({ position: from, count: to - from, late: false }, 0, null);
    this.#options.onDamage?.({ from, to, file });
  }

  async stop(): Promise<void> {
    await this.#standstill.stop();
    await this.#flushing;
    await this.#segments.stop();
  }

  get head(): number {
    return this.#head;
  }

  get tail(): number {
    return this.#segments.oldest?.firstPosition ?? this.#head;
  }

  get rejectedTotal(): number {
    return this.#rejectedTotal;
  }

  get delivery(): DeliveryState {
    return this.#backlog.delivery;
  }

  refusal(bytes: number): Refusal | undefined {
    if (this.#standstill.refusal) return this.#standstill.refusal;
    if (this.#backlog.heldBytes + this.#waitingBytes + bytes <= this.#options.maxBytes) return undefined;
    return new Refusal(
      'spool_full',
      `the spool holds ${this.#backlog.heldBytes} bytes that the store has not taken yet`,
      5000,
    );
  }

  append(...entries: SpoolEntry[]): Appended {
    // One group for all of them, so one sync: they become durable together or not at all.
    const group = this.#group;
    const position = this.#next;
    for (const entry of entries) {
      group.add(entry, {
        position: this.#next,
        rejectedTotal: this.#rejectedTotal,
        durableHead: this.#head,
        key: this.#segments.key,
      });
      this.#next += entry.count;
      this.#waitingBytes += group.records.at(-1)!.bytes;
    }
    this.#flushing ??= this.#flush();
    return { position, durable: group.durable };
  }

  countRejected(readings: number): void {
    this.#rejectedTotal += readings;
  }

  async #flush(): Promise<void> {
    // What else is appended in this go of the program belongs to the same sync.
    await Promise.resolve();
    while (!this.#group.isEmpty) {
      const group = this.#group;
      this.#group = new CommitGroup(this.#spareChunk);
      this.#spareChunk = undefined;
      try {
        await this.#commit(group);
      } catch (error) {
        this.#fail(group, error as Error);
      }
      this.#spareChunk = group.release();
    }
    this.#flushing = undefined;
  }

  async #commit(group: CommitGroup): Promise<void> {
    if (this.#standstill.refusal) throw this.#standstill.refusal;
    if (this.#segments.newest!.endOffset >= this.#segmentBytes) await this.#openSegment();
    const segment = this.#segments.newest!;
    await segment.file.write(group.buffers(), segment.endOffset);
    for (const record of group.records) {
      const { position, count, bytes, arrivedMs } = record;
      segment.note(position, count, segment.endOffset, bytes);
      this.#waitingBytes -= bytes;
      this.#backlog.add(record, bytes, arrivedMs);
    }
    this.#head = segment.endPosition;
    group.resolve();
    this.#waiters.wake();
  }

  async #openSegment(): Promise<void> {
    await this.#segments.open(this.#head, this.#rejectedTotal);
  }

  #fail(group: CommitGroup, error: Error): void {
    const waiting = this.#group;
    this.#group = new CommitGroup();
    this.#next = this.#head;
    this.#waitingBytes = 0;
    const refusal = this.#standstill.begin(error);
    group.reject(refusal);
    waiting.reject(refusal);
  }

  async read(from: number, maxBytes: number, memory?: ReusedBytes): Promise<SpoolRecord[]> {
    const onDamage = (hole: Hole) => {
      if (!this.#damage.add(hole)) return;
      this.#options.onDamage?.({ from: hole.from, to: hole.to });
      // Delivered before it was damaged: nothing of it is pending.
      this.#damage.takePassed(this.delivery.low);
    };
    return readRecords(this.#segments.all, Math.max(from, this.tail), maxBytes, onDamage, memory);
  }

  pendingIn(damaged: Run): Run[] {
    return this.#backlog.pendingIn(damaged);
  }

  async untilBeyond(position: number, signal: AbortSignal): Promise<void> {
    while (this.#head <= position && !signal.aborted) await this.#waiters.wait(signal);
  }

  async delivered(records: readonly SpoolRecord[], state: DeliveryState, keep: boolean): Promise<void> {
    // Counted first: a state that cannot be written down only means that a later start delivers again.
    const passed = this.#damage.takePassed(state.low);
    this.#backlog.remove(records, state, passed);
    const settled = this.#settled.catch(() => undefined).then(() => this.#settle(state, keep));
    this.#settled = settled;
    await settled;
  }

  async #settle(state: DeliveryState, keep: boolean): Promise<void> {
    if (keep) await this.#keepState(state);
    await this.#dropOldSegments(state, this.#options.keepBytes);
    // Else there is a call behind this one, which will know better.
    if (state !== this.delivery) return;
    const [oldest] = this.#backlog.readings > 0 ? await this.read(state.low, 1, this.#peeked) : [];
    this.#backlog.oldestMs = this.#backlog.readings > 0 ? (oldest?.arrivedMs ?? null) : null;
  }

  /**
   * On a full disk, segments that are delivered make room for it, those too that were to be kept: else a disk that the
   * spool itself has filled would never have room again. A crash in between finds their positions gone, and damaged.
   */
  async #keepState(state: DeliveryState): Promise<void> {
    const { directory } = this.#options;
    try {
      await writeDelivery(this.#files, directory, state);
    } catch (error) {
      if (!isFull(error as Error)) throw error;
      await this.#dropOldSegments(state, 0);
      await this.#segments.untilGone();
      await writeDelivery(this.#files, directory, state);
    }
  }

  /** @param state that is written down: what only a later one has passed is needed after a crash */
  async #dropOldSegments({ low }: DeliveryState, keepBytes: number): Promise<void> {
    await this.#segments.drop(low, this.#backlog.heldBytes, keepBytes);
  }

  status(): SpoolStatus {
    return {
      pendingReadings: this.#backlog.readings,
      pendingBytes: this.#backlog.bytes,
      heldBytes: this.#backlog.heldBytes,
      totalBytes: this.#segments.bytes,
      oldestPendingMs: this.#backlog.oldestMs,
      damagedReadings: this.#damage.readings,
    };
  }
}
