/**
 * Buckets: `every=15m`, and with `tz=Europe/Berlin` days, weeks (from Monday), months and years of the calendar there.
 *
 * Buckets of seconds, minutes and hours are always as long as they say. They are aligned to the clock of the zone as it is
 * set at the beginning of the range, and a clock change within the range does not move them. Buckets of the calendar are
 * as long as their days are, 23 and 25 hours included.
 */
import { DateTime, IANAZone } from 'luxon';
import { type Parameters, quote, refuse, textOf } from './parameter.js';
import type { TimeRange } from './time-range.js';

type CalendarUnit = 'd' | 'w' | 'mo' | 'y';

export interface Every {
  count: number;
  unit: 'ms' | 's' | 'm' | 'h' | CalendarUnit;
}

/** Buckets of one answer. */
export const maxBuckets = 100_000;

const fixedMs: Partial<Record<Every['unit'], number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const dayMs = 86_400_000;
/** 1970-01-01 was a Thursday, three days after the Monday of its week. */
const daysFromMonday = 3;

export function readEvery(parameters: Parameters): Every | undefined {
  const text = textOf(parameters, 'every');
  if (text === undefined) return undefined;
  const match = /^([1-9]\d{0,5})(ms|mo|[smhdwy])$/.exec(text);
  if (!match) return refuse('every', `must be a number and one of ms, s, m, h, d, w, mo, y, not ${quote(text)}`);
  return { count: Number(match[1]), unit: match[2] as Every['unit'] };
}

export function readZone(parameters: Parameters): IANAZone {
  const name = textOf(parameters, 'tz') ?? 'UTC';
  const zone = IANAZone.create(name);
  return zone.isValid ? zone : refuse('tz', `must be a time zone such as Europe/Berlin, not ${quote(name)}`);
}

/** Where the buckets begin that a range touches, in nanoseconds, ascending. */
export function bucketStarts(range: TimeRange, every: Every, zone: IANAZone): bigint[] {
  const starts: bigint[] = [];
  for (const start of startsFrom(Number(range.from / 1_000_000n), every, zone)) {
    const at = BigInt(start) * 1_000_000n;
    if (at >= range.to) return starts;
    if (starts.push(at) > maxBuckets) refuse('every', `makes more than ${maxBuckets} buckets of this range`);
  }
  return starts;
}

/** The start of the bucket that `ms` lies in, and all that follow. */
function* startsFrom(ms: number, { count, unit }: Every, zone: IANAZone): Generator<number> {
  const unitMs = fixedMs[unit];
  if (unitMs !== undefined) {
    const offset = zone.offset(ms) * 60_000;
    const first = Math.floor((ms + offset) / (count * unitMs)) * count * unitMs - offset;
    for (let index = 0; ; index++) yield first + index * count * unitMs;
  }
  const calendar = calendars[unit as CalendarUnit];
  const first = Math.floor(calendar.indexOf(DateTime.fromMillis(ms, { zone })) / count) * count;
  for (let index = first; ; index += count) yield startOfDay(calendar.firstDay(index), zone);
}

/** Days, weeks, months and years are numbered, so that `2w` and `3mo` fall on the same dates whatever the range. */
interface Calendar {
  indexOf(local: DateTime): number;
  /** The date of its first day, as midnight UTC in milliseconds. */
  firstDay(index: number): number;
}

function dayNumber(local: DateTime): number {
  return Date.UTC(local.year, local.month - 1, local.day) / dayMs;
}

const calendars: Record<CalendarUnit, Calendar> = {
  d: { indexOf: dayNumber, firstDay: (index) => index * dayMs },
  w: {
    indexOf: (local) => Math.floor((dayNumber(local) + daysFromMonday) / 7),
    firstDay: (index) => (index * 7 - daysFromMonday) * dayMs,
  },
  mo: { indexOf: (local) => local.year * 12 + local.month - 1, firstDay: (index) => Date.UTC(1970, index - 1970 * 12) },
  y: { indexOf: (local) => local.year, firstDay: (index) => Date.UTC(index, 0) },
};

/** The first moment of a date: 00:00, or later where a clock change leaves that out, or the earlier of two. */
function startOfDay(utcMidnight: number, zone: IANAZone): number {
  const { year, month, day } = DateTime.fromMillis(utcMidnight, { zone: 'UTC' });
  const start = DateTime.fromObject({ year, month, day }, { zone }).startOf('day');
  const hourBefore = start.minus({ hours: 1 });
  return (hourBefore.day === day ? hourBefore : start).toMillis();
}
