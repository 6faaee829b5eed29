/** Readings on their way from the spool to the store, in the form of a write batch that can be taken apart. */
import { LineReader, decodePrefix, readingOf } from '../domain/line.js';
import type { Reading } from '../domain/reading.js';
import type { ReusedBytes } from '../domain/reused-bytes.js';
import { undeliveredParts, type DeliveryState, type Run } from '../ports/delivery-state.js';
import type { WriteBatch } from '../ports/history-store.js';
import type { SpoolRecord } from '../ports/spool.js';

/**
 * One batch of what is not delivered of these records; of late ones only where they are wanted.
 * @param memory that its payload is put together in
 */
export function joinRecords(
  records: readonly SpoolRecord[],
  state: DeliveryState,
  withLate: boolean,
  memory: ReusedBytes,
): WriteBatch {
  const runs: Run[] = [];
  const payloads: Uint8Array[] = [];
  let count = 0;
  for (const record of records) {
    if (record.late && !withLate) continue;
    for (const part of undeliveredParts(state, record)) {
      const last = runs.at(-1);
      if (last && last.position + last.count === part.position) last.count += part.count;
      else runs.push({ ...part });
      payloads.push(part.count === record.count ? record.payload : linesOf(record, part));
      count += part.count;
    }
  }
  return { payload: joined(payloads, memory), runs, count };
}

function joined(payloads: readonly Uint8Array[], memory: ReusedBytes): Uint8Array {
  const bytes = memory.take(payloads.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const payload of payloads) {
    bytes.set(payload, at);
    at += payload.length;
  }
  return bytes;
}

function linesOf(record: SpoolRecord, { position, count }: Run): Uint8Array {
  const first = position - record.position;
  return Buffer.from(
    splitLines(record.payload)
      .slice(first, first + count)
      .join(''),
  );
}

/** Lines with their newlines. A newline inside a string field does not end its line. */
function splitLines(payload: Uint8Array): string[] {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8');
  const lines = new LineReader(text);
  const split: string[] = [];
  while (lines.next()) split.push(`${text.slice(lines.start, lines.end)}\n`);
  return split;
}

/** A reading of a batch that was taken apart. */
export interface PartReading {
  position: number;
  line: string;
}

export function takeApart(batch: WriteBatch): PartReading[] {
  const lines = splitLines(batch.payload);
  let index = 0;
  return batch.runs.flatMap(({ position, count }) =>
    Array.from({ length: count }, (_, offset) => ({ position: position + offset, line: lines[index++]! })),
  );
}

export function putTogether(readings: readonly PartReading[]): WriteBatch {
  const runs: Run[] = [];
  for (const { position } of readings) {
    const last = runs.at(-1);
    if (last && last.position + last.count === position) last.count++;
    else runs.push({ position, count: 1 });
  }
  return { payload: Buffer.from(readings.map(({ line }) => line).join('')), runs, count: readings.length };
}

export function readingOfLine(line: string): Reading {
  const lines = new LineReader(line);
  lines.next();
  return readingOf(lines, decodePrefix(lines.prefix));
}
