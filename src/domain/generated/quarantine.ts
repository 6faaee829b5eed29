// Generated from schemas/quarantine.schema.json; change it there and run `npm run generate`.
import type { LiveReading } from './live-frames.js';

/**
 * Readings that were accepted and that the store refuses for good.
 */
export type Quarantine = QuarantineList | QuarantineReasons | ReplayRequest | ReplayResult;

/**
 * A page of quarantined readings, by id.
 */
export interface QuarantineList {
  entries: QuarantinedReading[];
  /**
   * Cursor of the next page; null on the last one.
   */
  next: string | null;
}
/**
 * One reading, and why the store refuses it.
 */
export interface QuarantinedReading {
  /**
   * Position of the reading in the spool.
   */
  id: number;
  /**
   * When it was refused, in milliseconds since 1970.
   */
  at: number;
  /**
   * In the store's own words.
   */
  reason: string;
  /**
   * As it was accepted; null where its bytes in the spool were damaged.
   */
  reading: LiveReading | null;
}
/**
 * How many readings are held for each reason, most frequent first.
 */
export interface QuarantineReasons {
  reasons: QuarantineReason[];
}
export interface QuarantineReason {
  reason: string;
  count: number;
}
/**
 * Which readings are to be given to the store again; without ids, all of them.
 */
export interface ReplayRequest {
  /**
   * @maxItems 10000
   */
  ids?: number[];
}
/**
 * What the store took, and what it refuses still.
 */
export interface ReplayResult {
  replayed: number;
  failed: number;
}
