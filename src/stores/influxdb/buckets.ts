/** Neighbouring buckets of one width: one `GROUP BY time(width, offset)` makes them all. */
export interface Segment {
  /** Where its first bucket would begin if it were not cut short. */
  start: bigint;
  width: bigint;
  /** What counts of it; `from` included, `to` not. */
  from: bigint;
  to: bigint;
  firstBucket: number;
}

/**
 * The segments of the buckets from `first` on: at most so many buckets and segments. Days at a clock change, months and
 * weeks have edges that InfluxQL cannot name by itself, so every width is said with the place where it begins. The first and
 * the last bucket may be cut short by the range; they still belong to their neighbours' segment.
 */
export function segmentsFrom(
  edges: readonly bigint[],
  first: number,
  bounds: { buckets: number; segments: number },
): Segment[] {
  const buckets = edges.length - 1;
  const end = Math.min(buckets, first + bounds.buckets);
  const segments: Segment[] = [];
  for (let bucket = first; bucket < end; bucket++) {
    const [from, to] = [edges[bucket]!, edges[bucket + 1]!];
    const last = segments.at(-1);
    if (last && (to - from === last.width || (bucket === buckets - 1 && to - from < last.width))) {
      last.to = to;
      continue;
    }
    if (segments.length === bounds.segments) break;
    // The range may begin in the middle of the very first bucket.
    const next = bucket === 0 && buckets > 1 ? edges[2]! - to : to - from;
    const width = next > to - from ? next : to - from;
    segments.push({ start: to - width, width, from, to, firstBucket: bucket });
  }
  return segments;
}

/** The bucket that begins at `ts`, as InfluxDB names its buckets. */
export function bucketIn(segments: readonly Segment[], ts: bigint): number {
  let index = segments.length - 1;
  while (index > 0 && segments[index]!.start > ts) index--;
  const { start, width, firstBucket } = segments[index]!;
  return firstBucket + Number((ts - start) / width);
}
