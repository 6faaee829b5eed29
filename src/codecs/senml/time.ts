/**
 * SenML times (RFC 8428 §4.5.3): seconds, which may have a fraction. A number's shortest decimal is what its sender wrote, so
 * `bt` and `t` are added as decimals: a whole base time and a time with nine digits behind the point give nanoseconds.
 */
import type { Timestamp } from '../../domain/timestamp.js';

/** From here on seconds are since 1970; below, they count from now. */
export const firstAbsoluteSeconds = 2 ** 28;

const nsOfMs = 1_000_000;

/** @returns undefined for what is no finite number */
export function secondsOf(value: unknown): Timestamp | undefined {
  if (typeof value === 'bigint') return secondsOf(Number(value));
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  if (Number.isInteger(value)) return { ms: value * 1000, ns: 0 };
  const text = String(Math.abs(value));
  // Below a millionth numbers are written with an exponent; nanoseconds need no more than nine digits of these.
  const [whole, fraction = ''] = (text.includes('e') ? Math.abs(value).toFixed(9) : text).split('.');
  const digits = fraction.padEnd(9, '0');
  const time = { ms: Number(whole) * 1000 + Number(digits.slice(0, 3)), ns: Number(digits.slice(3, 9)) };
  return value > 0 ? time : normal({ ms: -time.ms, ns: -time.ns });
}

export function sumOf(a: Timestamp, b: Timestamp): Timestamp {
  return normal({ ms: a.ms + b.ms, ns: a.ns + b.ns });
}

function normal({ ms, ns }: Timestamp): Timestamp {
  if (ns < 0) return { ms: ms - 1, ns: ns + nsOfMs };
  return ns < nsOfMs ? { ms, ns } : { ms: ms + 1, ns: ns - nsOfMs };
}
