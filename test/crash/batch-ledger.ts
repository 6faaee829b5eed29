/** What a device of the load takes its batches from, and tells what became of them. */
import type { ProofBatch } from './oracle.js';

export interface BatchLedger {
  readonly isEnding: boolean;
  /** Between two batches of one device. */
  readonly restMs: number;
  readonly problems: string[];
  /** What goes next: unacknowledged batches first. Counts as sent from here on. */
  take(): ProofBatch;
  acked(batch: ProofBatch): void;
  refused(batch: ProofBatch, code: string): void;
  /** The connection ended before the answer. */
  broke(batches: ProofBatch[]): void;
}
