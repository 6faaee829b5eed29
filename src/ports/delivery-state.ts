/** How far the delivery from the spool to the store has come, and what of a record is still to be delivered. */

/**
 * Positions count readings. The one at position p is delivered when `p < low`, or when p lies in one of `ranges` and its
 * record is not late. Late records (ports/spool.ts) in a range wait for `low`: a range of their own for what lies between
 * two of them would need one for each. Forgetting a range is safe: what was in it is written again, which changes nothing.
 */
export interface DeliveryState {
  /** Every reading before this position is delivered. */
  low: number;
  /** Delivered ahead of `low`, but for late records: from (included) to (excluded), ascending, at most `maxRanges`. */
  ranges: [from: number, to: number][];
  /** Readings delivered to the store, also those that overwrote one of the same identity. */
  stored: number;
  /** Readings that the store refused for good, ever. Without ranges `low = stored + quarantined`. */
  quarantined: number;
}

export const maxRanges = 64;

/** Lines of consecutive positions: line k of the run has position `position + k`. */
export interface Run {
  position: number;
  count: number;
}

/** What the delivery looks at of a record. */
export interface RecordPlace extends Run {
  late: boolean;
}

/** The parts of a record that are not delivered yet, in order. */
export function undeliveredParts({ low, ranges }: DeliveryState, { position, count, late }: RecordPlace): Run[] {
  const end = position + count;
  let from = Math.max(position, low);
  const parts: Run[] = [];
  if (!late) {
    for (const [rangeFrom, rangeTo] of ranges) {
      if (rangeTo <= from) continue;
      if (rangeFrom >= end) break;
      if (rangeFrom > from) parts.push({ position: from, count: rangeFrom - from });
      from = rangeTo;
    }
  }
  if (from < end) parts.push({ position: from, count: end - from });
  return parts;
}

export function countUndelivered(state: DeliveryState, record: RecordPlace): number {
  return undeliveredParts(state, record).reduce((sum, { count }) => sum + count, 0);
}

/** Position behind the last reading that may be delivered. */
export function deliveredEnd({ low, ranges }: DeliveryState): number {
  return Math.max(low, ranges.at(-1)?.[1] ?? 0);
}
