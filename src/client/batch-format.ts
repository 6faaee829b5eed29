/** How a device writes its batches: as JSON, or in another format that the service takes. All devices are given one the same way. */
import type { Receipt } from '../domain/refusal.js';
import type { OutgoingReading } from './outgoing-reading.js';

export interface BatchFormat {
  mediaType: string;
  encode(readings: readonly OutgoingReading[], marks?: BatchMarks): EncodedBatch;
}

/** By what an answer names its batch. */
export interface BatchMarks {
  /** Of a frame: a format for streams has a place for it. */
  seq?: number;
  /** Of a message; left out by a format that has no place for it. */
  id?: string;
}

export interface EncodedBatch {
  body: string | Uint8Array<ArrayBuffer>;
  /** For the address of a request: what the format has no place for. */
  query?: Readonly<Record<string, string>>;
  /** Where receipts count something smaller than readings: which of them each belongs to. */
  readingOf?: readonly number[];
}

export const jsonFormat: BatchFormat = {
  mediaType: 'application/json',
  encode(readings, marks) {
    return { body: JSON.stringify(marks ? { ...marks, readings } : readings) };
  },
};

/** How many a receipt counts for the batch. */
export function countedIn({ readingOf }: EncodedBatch, readings: readonly OutgoingReading[]): number {
  return readingOf?.length ?? readings.length;
}

/**
 * A receipt that counts records, in readings: one is rejected when any of its records is. Of records that the receipt does
 * not list each may belong to another reading, so that nothing rejected passes for accepted.
 */
export function inReadings(
  { rejected, results }: Pick<Receipt, 'rejected' | 'results'>,
  readings: readonly OutgoingReading[],
  { readingOf }: EncodedBatch,
): Receipt {
  const named = readingOf ? results?.map((one) => ({ ...one, index: readingOf[one.index] ?? one.index })) : results;
  const listed = named ?? [];
  const count = readingOf
    ? Math.min(readings.length, new Set(listed.map(({ index }) => index)).size + rejected - listed.length)
    : rejected;
  return { accepted: readings.length - count, rejected: count, ...(named ? { results: named } : {}) };
}
