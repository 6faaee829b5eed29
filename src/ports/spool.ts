/** The durable log between the ingress and the store. A position is the number of readings accepted before it. */
import type { Refusal } from '../domain/refusal.js';
import type { ReusedBytes } from '../domain/reused-bytes.js';
import type { DeliveryState, RecordPlace, Run } from './delivery-state.js';

/** Readings that are to lie in one record. */
export interface SpoolEntry {
  /** Normalized lines (domain/line.ts), `count` of them, as text or as UTF-8. They are copied. */
  payload: string | Uint8Array;
  count: number;
  /** Whether a reading in it is not newer than its series' newest; a delivery out of order has to leave it for later. */
  late: boolean;
  /** Time of arrival, milliseconds. */
  arrivedMs: number;
}

export interface Appended {
  /** Of the first entry's first reading; the others follow without a gap. */
  position: number;
  /** Fulfilled once all entries are on the medium; rejected with a Refusal when none is kept. */
  durable: Promise<void>;
}

export interface SpoolRecord extends RecordPlace {
  arrivedMs: number;
  /** UTF-8. */
  payload: Uint8Array;
  /** Bytes that the record takes in the log. */
  bytes: number;
}

export interface SpoolStatus {
  /** Undelivered readings and their bytes, counted record by record. */
  pendingReadings: number;
  pendingBytes: number;
  /** Bytes of all records that are not delivered in order yet: the pending ones, and those delivered ahead of them. */
  heldBytes: number;
  /** Everything on disk, kept segments included. */
  totalBytes: number;
  /** Arrival of the oldest undelivered reading, or a little before it; null when nothing is pending. */
  oldestPendingMs: number | null;
  /** Readings whose record was found damaged. */
  damagedReadings: number;
}

export interface Spool {
  /** Position behind the last durable reading: the number of readings ever accepted. */
  readonly head: number;
  /** The first position that can still be read. */
  readonly tail: number;
  /** Readings rejected since the data directory was made, as the pipeline reports them. */
  readonly rejectedTotal: number;
  /** What of a record is delivered says `undeliveredParts`. */
  readonly delivery: DeliveryState;

  /** Why `bytes` more cannot be taken now; undefined when they can. */
  refusal(bytes: number): Refusal | undefined;
  /**
   * All of the entries, in order, or none. Ask `refusal` first: what does not fit is not looked at again here.
   */
  append(...entries: SpoolEntry[]): Appended;
  countRejected(readings: number): void;

  /**
   * Durable records from the one that holds `from` on, about `maxBytes` of them, at least one if there is any.
   * @param memory where payloads may lie: they are good until the next read with it, which must not begin before this one
   *   has ended
   */
  read(from: number, maxBytes: number, memory?: ReusedBytes): Promise<SpoolRecord[]>;
  /** Of positions whose records cannot be read any more: what is not delivered, late readings too. */
  pendingIn(damaged: Run): Run[];
  /** Fulfilled when a reading at or behind `position` is durable, or the signal says that nobody waits any more. */
  untilBeyond(position: number, signal: AbortSignal): Promise<void>;
  /**
   * What `state` says of these records has left for the store or the quarantine. Every record that `low` passes has to be
   * among them. It counts from now on; `keep` writes the state down here as well, behind those of the calls before.
   */
  delivered(records: readonly SpoolRecord[], state: DeliveryState, keep: boolean): Promise<void>;

  status(): SpoolStatus;
}
