import type { Batch } from '../domain/batch.js';
import type { Precision } from '../domain/reading.js';
import { Refusal } from '../domain/refusal.js';

/** What a transport knows of the bytes that it brings, beside their media type. */
export interface Decoding {
  /** Unit of integer times, where the batch does not say it; undefined is the format's own. */
  precision?: Precision | undefined;
  /** How many of `precision` a time counts by: line protocol has minutes and hours. */
  timeFactor?: number | undefined;
  /** Type of readings, where the format has no place for one. */
  type?: string | undefined;
  /** Whether batches may carry `seq`, as frames of a stream do. */
  numbered: boolean;
}

/** How a transport describes the bytes that it brings. */
export interface Encoding extends Decoding {
  /** As in a header: in any case, parameters behind it. */
  mediaType: string;
}

/** One format. Bytes that are no batch are refused; what is wrong with a single reading is said in its place. */
export interface Codec {
  readonly mediaType: string;
  /** @param maxReadings a batch of more (of records, where these are counted) is refused, without reading on */
  decode(bytes: Buffer, decoding: Decoding, maxReadings: number): Batch | Refusal;
}

export function tooManyReadings(maxReadings: number): Refusal {
  return new Refusal('too_many_readings', `a batch has at most ${maxReadings} readings, this one has more`);
}
