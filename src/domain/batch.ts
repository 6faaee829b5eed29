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
  readings: unknown[];
  /** The only device that its readings may be of, where the transport itself says whose they are. */
  only?: string;
}
