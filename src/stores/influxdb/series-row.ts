/** Cells and rows of InfluxDB's answers in our own terms. */
import { decodeTagValue, encodePrefix } from '../../domain/line.js';
import type { Kind, Tags } from '../../domain/reading.js';
import type { Cell } from '../../ports/history-store.js';

/**
 * Times come as `2023-11-14T22:13:20.123456789Z`, always in UTC, with up to nine digits of fraction. Most are of the minute
 * that the one before was of.
 */
export function timeOf(value: unknown): bigint {
  const text = String(value);
  const minute = text.slice(0, wholeMinutes);
  if (minute !== lastMinute) {
    const minuteMs = Date.parse(`${minute}00Z`);
    if (Number.isNaN(minuteMs)) throw new Error(`InfluxDB gave a time that is none: ${text}`);
    lastMinute = minute;
    lastMinuteNs = BigInt(minuteMs) * 1_000_000n;
  }
  // `20Z` or `20.123456789Z`
  const seconds = text.slice(wholeMinutes, -1);
  if (seconds.length === 2) return lastMinuteNs + BigInt(Number(seconds) * 1_000_000_000);
  const digits = `${seconds.slice(0, 2)}${seconds.slice(3).padEnd(9, '0')}`;
  return lastMinuteNs + BigInt(Number(digits));
}

const wholeMinutes = '2023-11-14T22:13:'.length;
let lastMinute = '';
let lastMinuteNs = 0n;

/** Long integers come as text (lossless-json.ts); a float may have been printed as one. */
export function cellOf(value: string | number | boolean | null | undefined, kind: Kind): Cell {
  if (value === null || value === undefined) return null;
  if (kind === 'float') return Number(value);
  if (kind !== 'integer' || typeof value !== 'string') return value;
  const integer = Number(value);
  return Number.isSafeInteger(integer) ? integer : BigInt(value);
}

/** A tag that a point does not have comes as null, or, grouped by, as an empty string. */
export function tagsOf(keys: readonly string[], values: readonly unknown[]): Tags {
  const tags: Record<string, string> = {};
  keys.forEach((key, index) => {
    const value = values[index];
    if (typeof value === 'string' && value !== '') tags[key] = decodeTagValue(value);
  });
  return tags;
}

/** Gives the series of rows one object each, so that a long answer does not make its tags and prefix anew for every row. */
export class SeriesCache {
  readonly #known = new Map<string, KnownSeries>();
  readonly #type: string;
  readonly tagKeys: readonly string[];

  constructor(type: string, tagKeys: readonly string[]) {
    this.#type = type;
    this.tagKeys = tagKeys;
  }

  find(device: string, tagValues: readonly unknown[]): KnownSeries {
    // No name and no tag has a control character.
    const key = `${device}\0${tagValues.join('\0')}`;
    let series = this.#known.get(key);
    if (!series) {
      const tags = tagsOf(this.tagKeys, tagValues);
      series = { type: this.#type, device, tags, series: encodePrefix(this.#type, device, tags) };
      if (this.#known.size >= seriesKept) this.#known.clear();
      this.#known.set(key, series);
    }
    return series;
  }
}

export interface KnownSeries {
  type: string;
  device: string;
  tags: Tags;
  /** The prefix. */
  series: string;
}

/** Enough for what one query usually meets; beyond it the cache begins anew. */
const seriesKept = 10_000;
