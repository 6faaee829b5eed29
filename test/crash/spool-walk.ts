/** Counts what is in a spool by walking over its records, past the service and its counters. */
import path from 'node:path';
import { nodeFiles } from '../../src/spool/files.js';
import { readRecords } from '../../src/spool/read.js';
import { surveySpool } from '../../src/spool/survey.js';
import { serialOfLine } from './oracle.js';

const readBytes = 1024 * 1024;

export interface Walk {
  /** Positions that are in the files: from the oldest to behind the newest. */
  tail: number;
  head: number;
  /** Readings at or behind the place of the delivery, where the spool keeps that. */
  pending: number | null;
  /** How often each reading of the proof was accepted, by its serial number. */
  accepted: Map<number, number>;
  damaged: number;
}

/** @param onLine called with each line, in the order of acceptance */
export async function walkSpool(
  dataDirectory: string,
  from = 0,
  onLine: (line: string) => void = () => undefined,
): Promise<Walk> {
  const opened = await surveySpool(nodeFiles, path.join(dataDirectory, 'spool'));
  try {
    const { segments, survey } = opened;
    const low = survey.delivery?.low ?? null;
    const ranges = survey.delivery?.ranges ?? [];
    const isDelivered = (position: number) =>
      position < low! || ranges.some(([begin, end]) => position >= begin && position < end);
    const tail = segments[0]?.firstPosition ?? 0;
    const walk: Walk = { tail, head: survey.head, pending: low === null ? null : 0, accepted: new Map(), damaged: 0 };
    walk.damaged = survey.damaged.reduce((sum, range) => sum + range.to - range.from, 0);
    for (let at = Math.max(tail, from); at < survey.head;) {
      const records = await readRecords(segments, at, readBytes, () => undefined);
      for (const { position, count, payload } of records) {
        for (let one = position; one < position + count; one++) if (low !== null && !isDelivered(one)) walk.pending!++;
        for (const line of Buffer.from(payload).toString('utf8').split('\n')) {
          onLine(line);
          const serial = serialOfLine(line);
          if (serial !== undefined) walk.accepted.set(serial, (walk.accepted.get(serial) ?? 0) + 1);
        }
        at = position + count;
      }
      if (records.length === 0) break;
    }
    return walk;
  } finally {
    await opened.close();
  }
}
