/** Looks at a spool without changing it: what is in each segment, and what is wrong with it. */
import path from 'node:path';
import type { DeliveryState } from '../ports/history-store.js';
import { readDelivery } from './delivery-file.js';
import type { FileLayer } from './files.js';
import type { RecordHeader } from './format.js';
import { recover, type DamagedRange } from './recovery.js';
import type { Segment } from './segment.js';

export interface SegmentSurvey {
  file: string;
  firstPosition: number;
  /** Behind the last reading that can be read. */
  endPosition: number;
  records: number;
  readings: number;
  /** Bytes of header and whole records. */
  bytes: number;
  firstArrivedMs: number | null;
  lastArrivedMs: number | null;
}

export interface Survey {
  segments: SegmentSurvey[];
  head: number;
  rejectedTotal: number;
  /** Readings that cannot be read any more. */
  damaged: DamagedRange[];
  /** Segments whose file header is damaged; their records count on their own. */
  damagedHeaders: string[];
  /** Bytes behind the last whole record, of a write that was interrupted or is under way. */
  tornBytes: number;
  /** Null when the store keeps it, or nothing was delivered yet. */
  delivery: DeliveryState | null;
}

export interface OpenSurvey {
  survey: Survey;
  /** To be read with `readRecords`; closed by `close`. */
  segments: Segment[];
  close(): Promise<void>;
}

export async function surveySpool(files: FileLayer, directory: string): Promise<OpenSurvey> {
  const headers: RecordHeader[] = [];
  const found = await recover(unchanging(files), directory, (header) => headers.push(header));
  const delivery = await readDelivery(files, directory);
  const segments = found.segments.map((segment) => surveySegment(segment, headers));
  const { head, rejectedTotal, damaged, damagedHeaders, tornBytes } = found;
  return {
    survey: { segments, head, rejectedTotal, damaged, damagedHeaders, tornBytes, delivery },
    segments: found.segments,
    close: async () => {
      for (const { file } of found.segments) await file.close();
    },
  };
}

function surveySegment(segment: Segment, headers: readonly RecordHeader[]): SegmentSurvey {
  const { firstPosition, endPosition, endOffset } = segment;
  const own = headers.filter(({ position }) => position >= firstPosition && position < endPosition);
  return {
    file: path.basename(segment.path),
    firstPosition,
    endPosition,
    records: own.length,
    readings: own.reduce((sum, { count }) => sum + count, 0),
    bytes: endOffset,
    firstArrivedMs: own[0]?.arrivedMs ?? null,
    lastArrivedMs: own.at(-1)?.arrivedMs ?? null,
  };
}

/** The same files, but what a recovery would mend stays as it is. */
function unchanging(files: FileLayer): FileLayer {
  const nothing = async () => undefined;
  return {
    ...files,
    remove: nothing,
    syncDirectory: nothing,
    async open(name) {
      const file = await files.open(name);
      return {
        size: () => file.size(),
        read: (offset, length) => file.read(offset, length),
        close: () => file.close(),
        write: nothing,
        sync: nothing,
        truncate: nothing,
      };
    },
  };
}
