/**
 * What a start finds in the log, and what it does about it.
 *
 * - A record is whole when its magic, length and checksum fit. Records follow each other without a hole.
 * - A record at or behind the next segment's first position is void: its group failed to sync, nobody was told that it is
 *   kept, and the log went on in a new segment.
 * - Where a whole record cannot be read, the rest of the segment is searched for the next whole one. When the log was
 *   durable beyond the hole, acknowledged readings are damaged: they are counted, and the log goes on behind them. A later
 *   segment shows that it was, and so does a record that says it (`durableHead`).
 * - Otherwise the hole is what an interrupted write left, which nobody relies on, and it is cut off. So damage to the last
 *   group of the newest segment, behind which nothing stands yet, cannot be told from an interrupted write.
 * - A damaged file header costs nothing: what it says is in the file's name and in the records too.
 */
import path from 'node:path';
import type { FileLayer } from './files.js';
import {
  decodeRecord,
  decodeSegmentHeader,
  parseSegmentName,
  recordMagic,
  recordLength,
  segmentHeaderBytes,
  type RecordHeader,
  type SegmentName,
} from './format.js';
import { Segment } from './segment.js';

export interface DamagedRange {
  file: string;
  /** First position that cannot be read, and the first behind it that can. */
  from: number;
  to: number;
}

export interface Recovered {
  /** Oldest first; empty for a new log. */
  segments: Segment[];
  head: number;
  rejectedTotal: number;
  damaged: DamagedRange[];
  /** Segments whose file header is damaged; their records count on their own. */
  damagedHeaders: string[];
  /** Bytes of an interrupted write that were cut off. */
  tornBytes: number;
}

/** @throws when a segment is of a newer format */
export async function recover(
  files: FileLayer,
  directory: string,
  onRecord: (header: RecordHeader, bytes: number) => void,
): Promise<Recovered> {
  const names = (await files.list(directory)).filter((name) => parseSegmentName(name) !== undefined).sort();
  const result: Recovered = { segments: [], head: 0, rejectedTotal: 0, damaged: [], damagedHeaders: [], tornBytes: 0 };
  const parsed = names.map((name) => parseSegmentName(name)!);
  for (const [index, name] of names.entries()) {
    const voidFrom = parsed[index + 1]?.firstPosition ?? Infinity;
    await recoverSegment(files, path.join(directory, name), { result, onRecord, name: parsed[index]!, voidFrom });
  }
  return result;
}

interface SegmentTask {
  result: Recovered;
  onRecord: (header: RecordHeader, bytes: number) => void;
  name: SegmentName;
  /** First position of the next segment; Infinity for the newest. */
  voidFrom: number;
}

async function recoverSegment(files: FileLayer, filePath: string, task: SegmentTask): Promise<void> {
  const { result, voidFrom } = task;
  const isNewest = voidFrom === Infinity;
  const file = await files.open(filePath);
  const bytes = await file.read(0, await file.size());
  const header = decodeSegmentHeader(bytes);
  if (header.state === 'newer') {
    await file.close();
    throw new Error(`${filePath} has format version ${header.version}, which this version of Inlet cannot read`);
  }
  if (header.state === 'damaged' && isNewest && bytes.length <= segmentHeaderBytes) {
    // The crash came while this segment was made: nothing was ever in it.
    await file.close();
    await files.remove(filePath);
    await files.syncDirectory(path.dirname(filePath));
    return;
  }
  if (header.state === 'ok') result.rejectedTotal = Math.max(result.rejectedTotal, header.rejectedTotal);
  else result.damagedHeaders.push(filePath);
  const segment = new Segment(task.name, filePath, file);
  scan(bytes, segment, task);
  if (!isNewest && segment.endPosition < voidFrom) {
    result.damaged.push({ file: filePath, from: segment.endPosition, to: voidFrom });
    segment.endPosition = voidFrom;
  }
  if (isNewest && segment.endOffset < bytes.length) {
    result.tornBytes = bytes.length - segment.endOffset;
    await file.truncate(segment.endOffset);
  }
  result.segments.push(segment);
  result.head = segment.endPosition;
}

/** Walks over the records of a segment and notes the whole ones. */
function scan(bytes: Buffer, segment: Segment, task: SegmentTask): void {
  let at = segmentHeaderBytes;
  while (at < bytes.length) {
    let header = decodeRecord(bytes, at, segment.key);
    if (header === undefined || header.position !== segment.endPosition) {
      const durableTo = task.voidFrom === Infinity ? 0 : task.voidFrom;
      const found = findBehindDamage(bytes, at, { segment, durableTo });
      if (found === undefined) return;
      task.result.damaged.push({ file: segment.path, from: segment.endPosition, to: found.header.position });
      ({ at, header } = found);
    }
    if (header.position >= task.voidFrom) return;
    const length = recordLength(header);
    segment.note(header.position, header.count, at, length);
    task.result.rejectedTotal = header.rejectedTotal;
    task.onRecord(header, length);
    at += length;
  }
}

/**
 * The next whole record at or behind the position that was expected, if the hole was durable: because `durableTo` says so,
 * or a record behind it does.
 */
export function findBehindDamage(
  bytes: Buffer,
  from: number,
  { segment, durableTo }: { segment: Pick<Segment, 'key' | 'endPosition'>; durableTo: number },
): { at: number; header: RecordHeader } | undefined {
  const expected = segment.endPosition;
  let first: { at: number; header: RecordHeader } | undefined;
  for (let at = bytes.indexOf(recordMagic, from); at >= 0; at = bytes.indexOf(recordMagic, at + 1)) {
    const header = decodeRecord(bytes, at, segment.key);
    if (header === undefined || header.position < expected) continue;
    first ??= { at, header };
    if (durableTo > expected || header.durableHead > expected) return first;
    at += recordLength(header) - 1;
  }
  return undefined;
}
