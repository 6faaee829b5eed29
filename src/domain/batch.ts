/** What one HTTP body, stream frame or MQTT message carries, decoded but not yet looked into. */
import type { Precision } from './reading.js';

export interface Batch {
  /** Comes back in the receipt. */
  id: string | undefined;
  /** Number of the frame on its connection, where the transport numbers them. */
  seq: number | undefined;
  /** Defaults for the readings; checked with them. */
  device: unknown;
  type: unknown;
  tags: unknown;
  precision: Precision;
  /** What codecs could not read stands here as a `Rejected`. */
  readings: unknown[];
  /** The only device that its readings may be of, where the transport itself says whose they are. */
  only?: string;
  /** Whether every number is a float: integers are bigints. JSON does not say which of the two it means. */
  saysKinds?: true;
  /** The line, from 1, on which each reading begins, where senders think of them as lines. */
  lines?: readonly number[];
  /** Where the sender counts something smaller than readings: what each of them was made of. */
  records?: readonly (readonly RecordPart[])[];
  /** Units by field; for fields of which none is known yet. */
  units?: ReadonlyMap<string, string>;
}

/** A record, and what it gave to its reading. */
export interface RecordPart {
  /** Place in what was sent, from 0. */
  index: number;
  /** Names of its fields; none where it could not be read. */
  fields: readonly string[];
}
