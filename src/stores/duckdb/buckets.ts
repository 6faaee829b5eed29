import { int64 } from './sql.js';

/** Neighbouring buckets of one width. */
interface Segment {
  start: bigint;
  width: bigint;
  firstBucket: number;
}

/**
 * An expression for the bucket that `ts` lies in, `ts` being within the edges. A day at a DST change has another width
 * than its neighbours, so the edges make segments of one width each; a tree of comparisons finds the segment.
 */
export function bucketOf(edges: readonly bigint[]): string {
  return tree(segmentsOf(edges));
}

function segmentsOf(edges: readonly bigint[]): Segment[] {
  const segments: Segment[] = [];
  for (let bucket = 0; bucket + 1 < edges.length; bucket++) {
    const start = edges[bucket]!;
    const width = edges[bucket + 1]! - start;
    if (segments.at(-1)?.width !== width) segments.push({ start, width, firstBucket: bucket });
  }
  return segments;
}

function tree(segments: readonly Segment[]): string {
  if (segments.length === 1) {
    const { start, width, firstBucket } = segments[0]!;
    return `(ts - ${int64(start)}) // ${int64(width)} + ${firstBucket}`;
  }
  const half = segments.length >> 1;
  const right = segments.slice(half);
  return `CASE WHEN ts < ${int64(right[0]!.start)} THEN ${tree(segments.slice(0, half))} ELSE ${tree(right)} END`;
}
