/** Readings that were accepted and that the store refuses for good: kept, so that they can be understood and replayed. */

export interface QuarantineEntry {
  /** Position of the reading: the same reading refused twice is one entry. */
  id: number;
  /** When it was refused, milliseconds. */
  at: number;
  /** In the store's own words. */
  reason: string;
  /** The normalized line (domain/line.ts); null where its bytes in the spool were damaged. */
  line: string | null;
}

/** How an entry left. */
export type Departure = 'replayed' | 'discarded';

export interface Quarantine {
  /** Entries at hand, and those that left, since the data directory was made. */
  readonly counts: { readonly held: number; readonly replayed: number; readonly discarded: number };
  /** Returns when the entries are durable. Known ones are left as they are. */
  add(entries: readonly QuarantineEntry[]): Promise<void>;
  /** In order of id, behind `after`. */
  list(query: { after: number | null; limit: number; reason?: string | undefined }): QuarantineEntry[];
  holds(id: number): boolean;
  /** How many entries each reason has, most frequent first. */
  reasons(): { reason: string; count: number }[];
  /** @returns how many of the ids were there */
  remove(ids: readonly number[], departure: Departure): Promise<number>;
}
