/** `from` and `to`: RFC 3339 with a zone, integer milliseconds, `now`, or back from now (`-15m`). */
import { parseRfc3339, toNanoseconds } from '../domain/timestamp.js';
import { type Parameters, quote, refuse, textOf } from './parameter.js';

export interface TimeRange {
  /** Nanoseconds; `from` included, `to` not. */
  from: bigint;
  to: bigint;
}

const defaultLengthMs = 3_600_000;
/** No reading is older than 1971, and nanoseconds in 64 bits end in April 2262: what lies outside is cut off. */
const latestMs = Date.UTC(2262, 0, 1);

const unitMs: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Without either, the last hour; with `to` alone, the hour before it. */
export function readTimeRange(parameters: Parameters, now: number): TimeRange {
  const to = readTime(parameters, 'to', now) ?? atMs(now);
  const from = readTime(parameters, 'from', now) ?? to - atMs(defaultLengthMs);
  if (from > to) refuse('from', 'must not be later than to');
  return { from: from < 0n ? 0n : from, to };
}

function readTime(parameters: Parameters, name: string, now: number): bigint | undefined {
  const text = textOf(parameters, name);
  if (text === undefined) return undefined;
  return (
    parseTime(text, now) ?? refuse(name, `must be RFC 3339, integer milliseconds, now or as -15m, not ${quote(text)}`)
  );
}

/** @returns undefined for a text that is no time */
export function parseTime(text: string, now: number): bigint | undefined {
  if (text === 'now') return atMs(now);
  if (/^\d{1,15}$/.test(text)) return atMs(Number(text));
  const relative = /^-(\d{1,12})(ms|s|m|h|d|w)$/.exec(text);
  if (relative) return atMs(now - Number(relative[1]) * unitMs[relative[2]!]!);
  // A plus sign that was not percent-encoded has become a space.
  const time = parseRfc3339(text.replace(/ (\d\d:\d\d)$/, '+$1'));
  if (!time) return undefined;
  return atMs(time.ms) + (time.ms >= 0 && time.ms < latestMs ? BigInt(time.ns) : 0n);
}

function atMs(ms: number): bigint {
  return toNanoseconds(Math.min(Math.max(ms, 0), latestMs), 0);
}
