import type { Precision, Tags } from '../domain/reading.js';

/** A reading as a device hands it over. */
export interface OutgoingReading {
  device: string;
  /** `telemetry` when it is left out. */
  type?: string;
  /** An integer in `precision`, the same as a string of digits, or RFC 3339. Left out: the time of `send`. */
  ts?: number | string;
  /** The unit of an integer `ts`; `ms` when it is left out. */
  precision?: Precision;
  tags?: Tags;
  /** `null` means "no value" and is left out by the server. */
  fields: Readonly<Record<string, number | boolean | string | null>>;
}

/**
 * Gives readings without a time the time of sending. That has to happen once, before the first attempt: the server takes
 * a reading without `ts` for a new one each time it comes, so a resent one would be stored twice. Microseconds, counted up
 * within a millisecond, keep two readings of one moment apart.
 */
export class Stamper {
  #lastMs = 0;
  #countInMs = 0;

  stamp(reading: OutgoingReading): OutgoingReading {
    if (reading.ts !== undefined) return reading;
    const nowMs = Date.now();
    this.#countInMs = nowMs === this.#lastMs ? this.#countInMs + 1 : 0;
    this.#lastMs = nowMs;
    return { ...reading, ts: nowMs * 1000 + this.#countInMs, precision: 'us' };
  }
}
