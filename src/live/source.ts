/** Where the feed has readings from that were published some time ago. */
import type { SpoolRecord } from '../ports/spool.js';

/** An instance cannot be asked now. */
export class Away extends Error {}

/** This instance's spool, or another instance. */
export interface MemorySource {
  /** The first position that it still has. */
  readonly tail: number;
  /** From the one that holds `from` on, about `maxBytes` of them. @throws Away */
  read(from: number, maxBytes: number): Promise<Pick<SpoolRecord, 'position' | 'count' | 'payload'>[]>;
}

/** How far an instance is. */
export interface Progress {
  /** The number of readings that it has accepted. */
  head: number;
  /** The store has what it accepted before this. */
  low: number;
}

/** Another instance. */
export interface PeerSource extends MemorySource {
  /** As it was last heard. */
  readonly progress: Progress;
  /** As it is now. @throws Away */
  ask(): Promise<Progress>;
}
