/** Reading durable records back, checked again: a damaged one is passed over and reported, never served. */
import type { ReusedBytes } from '../domain/reused-bytes.js';
import type { SpoolRecord } from '../ports/spool.js';
import type { Hole } from './damage.js';
import { claimedRecordBytes, decodeRecord, recordHeaderBytes, recordLength } from './format.js';
import { findBehindDamage } from './recovery.js';
import { indexEveryBytes, type Segment } from './segment.js';

/** @param from at or behind the first segment's first position */
export async function readRecords(
  segments: readonly Segment[],
  from: number,
  maxBytes: number,
  onDamage: (hole: Hole) => void,
  memory?: ReusedBytes,
): Promise<SpoolRecord[]> {
  for (const segment of segments) {
    if (segment.endPosition <= from) continue;
    const records = await segment.whileOpen(() => readSegment(segment, from, maxBytes, onDamage, memory));
    if (records.length > 0) return records;
  }
  return [];
}

async function readSegment(
  segment: Segment,
  from: number,
  maxBytes: number,
  onDamage: (hole: Hole) => void,
  memory: ReusedBytes | undefined,
): Promise<SpoolRecord[]> {
  const { offset: start, position: firstPosition } = segment.startBefore(from);
  const end = segment.endOffset;
  let bytes = await segment.file.read(start, Math.min(end - start, maxBytes + indexEveryBytes), memory);
  const records: SpoolRecord[] = [];
  let position = firstPosition;
  let taken = 0;
  let at = 0;
  while (start + at < end) {
    const wanted = at + (at + recordHeaderBytes > bytes.length ? indexEveryBytes : claimedRecordBytes(bytes, at));
    if (wanted > bytes.length && start + bytes.length < end) {
      if (records.length > 0) break;
      bytes = await segment.file.read(start, Math.min(end - start, wanted), memory);
      continue;
    }
    let header = decodeRecord(bytes, at, segment.key);
    if (header === undefined || header.position !== position) {
      if (records.length > 0) break;
      if (start + bytes.length < end) bytes = await segment.file.read(start, end - start);
      const found = findBehindDamage(bytes, at, {
        segment: { key: segment.key, endPosition: position },
        durableTo: segment.endPosition,
      });
      onDamage({
        from: position,
        to: found?.header.position ?? segment.endPosition,
        bytes: (found?.at ?? bytes.length) - at,
      });
      if (!found) break;
      ({ at, header } = found);
    }
    const length = recordLength(header);
    position = header.position + header.count;
    if (position > from) {
      const payload = bytes.subarray(at + recordHeaderBytes, at + length);
      const { count, late, arrivedMs } = header;
      records.push({ position: header.position, count, late, arrivedMs, payload, bytes: length });
      taken += length;
      if (taken >= maxBytes) break;
    }
    at += length;
  }
  return records;
}
