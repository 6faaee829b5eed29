/**
 * The spool: a segmented, append-only log. Format: format.ts. What a start does with what it finds: recovery.ts.
 *
 * Invariants
 * - `append` is acknowledged (`durable`) only after the record and all before it are written and fdatasync has returned.
 * - Group commit: while one fdatasync is under way, everything that arrives is gathered, and goes with the next one.
 * - After a failed write or sync a segment is never written again: what the kernel kept of it is not known. The records
 *   that waited are refused, their positions are given out again, and the log goes on in a new segment whose first
 *   position makes void what the old one may hold beyond it. Until that segment is durable, nothing is taken.
 * - Only durable records can be read.
 * - A segment is removed when all of it is delivered and the delivered ones take more than `keepBytes`.
 */
import { randomBytes } from 'node:crypto';
import { Refusal } from '../domain/refusal.js';
import { deliveredEnd, type DeliveryState } from '../ports/delivery-state.js';
import type { Appended, Spool, SpoolEntry, SpoolRecord, SpoolStatus } from '../ports/spool.js';
import { Backlog } from './backlog.js';
import { CommitGroup } from './commit-group.js';
import { Damage } from './damage.js';
import { readDelivery, writeDelivery } from './delivery-file.js';
import { nodeFiles, type FileLayer } from './files.js';
import { readRecords } from './read.js';
import { recover, type Recovered } from './recovery.js';
import { Segment } from './segment.js';

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
  #segments: Segment[] = [];
  #key = 0;
  #head = 0;
  /** The position that the next entry gets; ahead of `head` by what waits for its sync. */
  #next = 0;
  #rejectedTotal = 0;
  readonly #backlog = new Backlog();
  readonly #damage = new Damage();
  #waitingBytes = 0;
  #group = new CommitGroup();
  #flushing: Promise<void> | undefined;
  #failure: Refusal | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #stopping = false;
  #wakers: (() => void)[] = [];

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#files = options.files ?? nodeFiles;
    this.#segmentBytes = Math.min(
      largestSegmentBytes,
      Math.max(smallestSegmentBytes, Math.floor(options.maxBytes / 8)),
    );
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
    if (this.#segments.length === 0) await this.#openSegment();
    return found;
  }

  async #take(found: Recovered): Promise<void> {
    this.#segments = found.segments;
    this.#key = found.segments.at(-1)?.key ?? randomBytes(4).readUInt32LE(0);
    // A store that is ahead has seen readings whose log is gone: positions go on behind them.
    this.#head = Math.max(found.head, deliveredEnd(this.delivery));
    this.#next = this.#head;
    this.#rejectedTotal = found.rejectedTotal;
    for (const { from, to, file } of found.damaged) this.#lose(from, to, file);
    this.#damage.takePassed(this.delivery.low);
    if (this.#head === found.head) return;
    if (this.delivery.low >= found.head) {
      for (const segment of this.#segments) await segment.remove(this.#files);
      this.#segments = [];
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
    this.#stopping = true;
    clearTimeout(this.#retryTimer);
    await this.#flushing;
    for (const segment of this.#segments) await segment.file.close();
    this.#segments = [];
  }

  get head(): number {
    return this.#head;
  }

  get tail(): number {
    return this.#segments[0]?.firstPosition ?? this.#head;
  }

  get rejectedTotal(): number {
    return this.#rejectedTotal;
  }

  get delivery(): DeliveryState {
    return this.#backlog.delivery;
  }

  refusal(bytes: number): Refusal | undefined {
    if (this.#failure) return this.#failure;
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
        key: this.#key,
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
    let chunk: Buffer | undefined;
    while (!this.#group.isEmpty) {
      const group = this.#group;
      this.#group = new CommitGroup(chunk);
      try {
        await this.#commit(group);
      } catch (error) {
        this.#fail(group, error as NodeJS.ErrnoException);
      }
      chunk = group.release();
    }
    this.#flushing = undefined;
  }

  async #commit(group: CommitGroup): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#segments.at(-1)!.endOffset >= this.#segmentBytes) await this.#openSegment();
    const segment = this.#segments.at(-1)!;
    await segment.file.write(group.buffers(), segment.endOffset);
    await segment.file.sync();
    for (const record of group.records) {
      const { position, count, bytes, arrivedMs } = record;
      segment.note(position, count, segment.endOffset, bytes);
      this.#waitingBytes -= bytes;
      this.#backlog.add(record, bytes, arrivedMs);
    }
    this.#head = segment.endPosition;
    group.resolve();
    this.#wake();
  }

  async #openSegment(): Promise<void> {
    const name = { firstPosition: this.#head, key: this.#key };
    const segment = await Segment.create(this.#files, this.#options.directory, name, this.#rejectedTotal);
    const last = this.#segments.at(-1);
    if (last?.firstPosition === segment.firstPosition) {
      // The one before failed with nothing in it; the new one has taken its name.
      this.#segments.pop();
      await last.file.close();
    }
    this.#segments.push(segment);
  }

  #fail(group: CommitGroup, error: NodeJS.ErrnoException): void {
    const full = isFull(error);
    const refusal =
      error instanceof Refusal
        ? error
        : full
          ? new Refusal('spool_full', 'the disk of the spool is full', 5000)
          : new Refusal('spool_failed', `the spool cannot be written: ${error.message}`, 5000);
    const waiting = this.#group;
    this.#group = new CommitGroup();
    this.#next = this.#head;
    this.#waitingBytes = 0;
    group.reject(refusal);
    waiting.reject(refusal);
    if (this.#failure) return;
    this.#failure = refusal;
    this.#options.onFailure?.(refusal);
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#stopping) return;
    this.#retryTimer = setTimeout(() => {
      this.#openSegment().then(
        () => {
          this.#failure = undefined;
          this.#options.onRecovery?.();
        },
        () => this.#retryLater(),
      );
    }, this.#options.retryEveryMs ?? defaultRetryEveryMs);
  }

  async read(from: number, maxBytes: number): Promise<SpoolRecord[]> {
    return readRecords(this.#segments, Math.max(from, this.tail), maxBytes, (hole) => {
      if (!this.#damage.add(hole)) return;
      this.#options.onDamage?.({ from: hole.from, to: hole.to });
      // Delivered before it was damaged: nothing of it is pending.
      this.#damage.takePassed(this.delivery.low);
    });
  }

  async untilBeyond(position: number, signal: AbortSignal): Promise<void> {
    while (this.#head <= position && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake);
          resolve();
        };
        signal.addEventListener('abort', wake);
        this.#wakers.push(wake);
      });
    }
  }

  #wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }

  async delivered(records: readonly SpoolRecord[], state: DeliveryState, keep: boolean): Promise<void> {
    // Counted first: a state that cannot be written down only means that a later start delivers again.
    const passed = this.#damage.takePassed(state.low);
    this.#backlog.remove(records, state, passed);
    if (keep) await this.#keepState(state);
    await this.#dropOldSegments(this.#options.keepBytes);
    const [oldest] = this.#backlog.readings > 0 ? await this.read(state.low, 1) : [];
    this.#backlog.oldestMs = oldest?.arrivedMs ?? null;
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
      if (!isFull(error as NodeJS.ErrnoException)) throw error;
      await this.#dropOldSegments(0);
      await writeDelivery(this.#files, directory, state);
    }
  }

  async #dropOldSegments(keepBytes: number): Promise<void> {
    const deliveredBytes = () => this.#totalBytes() - this.#backlog.heldBytes;
    for (;;) {
      const [oldest] = this.#segments;
      if (!oldest || this.#segments.length === 1 || oldest.endPosition > this.delivery.low) return;
      if (deliveredBytes() - oldest.endOffset < keepBytes) return;
      this.#segments = this.#segments.slice(1);
      await oldest.remove(this.#files);
    }
  }

  #totalBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.endOffset, 0);
  }

  status(): SpoolStatus {
    return {
      pendingReadings: this.#backlog.readings,
      pendingBytes: this.#backlog.bytes,
      heldBytes: this.#backlog.heldBytes,
      totalBytes: this.#totalBytes(),
      oldestPendingMs: this.#backlog.oldestMs,
      damagedReadings: this.#damage.readings,
    };
  }
}

function isFull({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT';
}
