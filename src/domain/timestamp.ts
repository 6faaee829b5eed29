/**
 * Timestamps in nanoseconds do not fit a JavaScript number, and bigints cost too much on the hot path. So a time is two
 * integers: whole milliseconds since 1970 (`ms`) and the nanoseconds within that millisecond (`ns`, 0 to 999,999).
 */
import type { Precision } from './reading.js';

export interface Timestamp {
  ms: number;
  ns: number;
}

/** A time that a codec has read already, as the `ts` of a reading. */
export class ExactTime implements Timestamp {
  readonly ms: number;
  readonly ns: number;

  constructor(ms: number, ns: number) {
    this.ms = ms;
    this.ns = ns;
  }
}

/** RFC 3339 with a zone; the fraction may have more digits than nanoseconds, which are cut off. */
const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const digits = /^-?\d{1,19}$/;
const digitsBelowMs: Record<Precision, number> = { s: -3, ms: 0, us: 3, ns: 6 };

/**
 * The time that a client's `ts` says: an integer in `precision`, the same as a string of digits, or RFC 3339; or what a
 * codec made of it.
 * @returns undefined when it is none of these
 */
export function parseTimestamp(value: unknown, precision: Precision): Timestamp | undefined {
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) return undefined;
    // Beyond 2^53 a JSON number has lost digits already; it is taken as the integer that it now is.
    return parseDigits(Number.isSafeInteger(value) ? String(value) : BigInt(value).toString(), precision);
  }
  if (typeof value !== 'string') return value instanceof ExactTime ? value : undefined;
  return parseDigits(value, precision) ?? parseRfc3339(value);
}

function parseDigits(text: string, precision: Precision): Timestamp | undefined {
  if (!digits.test(text)) return undefined;
  const below = digitsBelowMs[precision];
  if (below <= 0) return { ms: Number(text) * 10 ** -below, ns: 0 };
  const unitsPerMs = 10n ** BigInt(below);
  const units = BigInt(text);
  const remainder = ((units % unitsPerMs) + unitsPerMs) % unitsPerMs;
  return { ms: Number((units - remainder) / unitsPerMs), ns: Number(remainder) * 10 ** (6 - below) };
}

export function parseRfc3339(text: string): Timestamp | undefined {
  const match = rfc3339.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHour = '0', zoneMinute = '0'] = match;
  const at = new Date(0);
  at.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (at.getUTCMonth() !== Number(month) - 1) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  if (Number(zoneHour) > 23 || Number(zoneMinute) > 59) return undefined;
  const offsetMs = (sign === '-' ? -1 : 1) * (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000;
  const secondsMs = (Number(hour) * 3600 + Number(minute) * 60 + Number(second)) * 1000;
  const nanoseconds = Number(fraction.padEnd(9, '0').slice(0, 9));
  const ns = nanoseconds % 1_000_000;
  return { ms: at.getTime() + secondsMs - offsetMs + (nanoseconds - ns) / 1_000_000, ns };
}

const threeDigits = Array.from({ length: 1000 }, (_, index) => String(index).padStart(3, '0'));
let lastKiloseconds = -1;
let kilosecondDigits = '';

/**
 * Nanoseconds since 1970 as digits, as line protocol writes them. `ms` must not be negative.
 *
 * Put together from pieces, the first of which seldom changes: 41 ns instead of the 131 ns of a number made into text.
 */
export function nanosecondDigits(ms: number, ns: number): string {
  const kiloseconds = Math.floor(ms / 1_000_000);
  if (kiloseconds !== lastKiloseconds) {
    lastKiloseconds = kiloseconds;
    kilosecondDigits = kiloseconds === 0 ? '' : String(kiloseconds);
  }
  const rest = ms - kiloseconds * 1_000_000;
  const seconds = Math.floor(rest / 1000);
  const below = ns === 0 ? '000000' : String(ns).padStart(6, '0');
  return kilosecondDigits + threeDigits[seconds]! + threeDigits[rest - seconds * 1000]! + below;
}

export function toNanoseconds(ms: number, ns: number): bigint {
  return BigInt(ms) * 1_000_000n + BigInt(ns);
}

/** Rounds towards the past, so that a time before 1970 stays in its millisecond. */
export function fromNanoseconds(nanoseconds: bigint): Timestamp {
  const ns = ((nanoseconds % 1_000_000n) + 1_000_000n) % 1_000_000n;
  return { ms: Number((nanoseconds - ns) / 1_000_000n), ns: Number(ns) };
}

/** Times of arrival: never the same twice in one process, never going back, in nanoseconds. */
export class ArrivalClock {
  #ms = 0;
  #ns = 0;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  next(): Timestamp {
    const ms = this.#now();
    if (ms > this.#ms) {
      this.#ms = ms;
      this.#ns = 0;
    } else if (++this.#ns === 1_000_000) {
      this.#ms++;
      this.#ns = 0;
    }
    return { ms: this.#ms, ns: this.#ns };
  }
}
