/** The records that wait for one durable write, encoded as they will lie in the segment. */
import type { SpoolEntry } from '../ports/spool.js';
import { recordHeaderBytes, sealRecord } from './format.js';

/** Large enough for what arrives during one such write at full rate; larger records get a chunk of their own. */
const chunkBytes = 1024 * 1024;

export interface GroupRecord {
  position: number;
  count: number;
  late: boolean;
  bytes: number;
  arrivedMs: number;
}

export class CommitGroup {
  readonly records: GroupRecord[] = [];
  readonly durable: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
  readonly #full: Buffer[] = [];
  #chunk: Buffer;
  #used = 0;

  /** @param chunk memory to begin with, given back by `release` */
  constructor(chunk: Buffer = Buffer.allocUnsafeSlow(chunkBytes)) {
    this.#chunk = chunk;
    let resolve!: () => void;
    let reject!: (reason: Error) => void;
    this.durable = new Promise<void>((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    // Every appender waits for this promise; one that has gone away meanwhile must not end the process.
    this.durable.catch(() => undefined);
    this.resolve = resolve;
    this.reject = reject;
  }

  get isEmpty(): boolean {
    return this.records.length === 0;
  }

  add(entry: SpoolEntry, place: { position: number; rejectedTotal: number; durableHead: number; key: number }): void {
    const { payload } = entry;
    // UTF-8 takes at most three bytes for a UTF-16 unit: measuring exactly would read the text twice.
    this.#makeRoom(recordHeaderBytes + payload.length * (typeof payload === 'string' ? 3 : 1));
    const at = this.#used;
    const payloadBytes = this.#copy(payload, at + recordHeaderBytes);
    this.#used = sealRecord(
      this.#chunk,
      at,
      {
        payloadBytes,
        count: entry.count,
        position: place.position,
        rejectedTotal: place.rejectedTotal,
        durableHead: place.durableHead,
        arrivedMs: entry.arrivedMs,
        late: entry.late,
      },
      place.key,
    );
    this.records.push({
      position: place.position,
      count: entry.count,
      late: entry.late,
      bytes: this.#used - at,
      arrivedMs: entry.arrivedMs,
    });
  }

  #copy(payload: string | Uint8Array, at: number): number {
    if (typeof payload === 'string') return this.#chunk.write(payload, at, 'utf8');
    this.#chunk.set(payload, at);
    return payload.length;
  }

  /** The encoded records, in order. */
  buffers(): Uint8Array[] {
    return [...this.#full, this.#chunk.subarray(0, this.#used)];
  }

  /** The memory that the next group may begin with. Nothing may read `buffers()` any more. */
  release(): Buffer | undefined {
    return this.#chunk.length === chunkBytes ? this.#chunk : undefined;
  }

  #makeRoom(bytes: number): void {
    if (this.#used + bytes <= this.#chunk.length) return;
    if (this.#used > 0) this.#full.push(this.#chunk.subarray(0, this.#used));
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(chunkBytes, bytes));
    this.#used = 0;
  }
}
