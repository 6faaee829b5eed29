import type { Precision } from '../domain/reading.js';

const nanosecondsIn: Record<Exclude<Precision, 'ns'>, bigint> = { s: 1_000_000_000n, ms: 1_000_000n, us: 1000n };

/** Cut off to whole units, towards the past; nanoseconds need a string. */
export function timeIn(ts: bigint, precision: Precision): number | string {
  if (precision === 'ns') return ts.toString();
  const unit = nanosecondsIn[precision];
  return Number((ts - (((ts % unit) + unit) % unit)) / unit);
}
