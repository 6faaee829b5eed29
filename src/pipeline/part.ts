/** Readings on their way from the spool to the store, in the form of a write batch that can be taken apart. */
import { LineReader, decodePrefix, readingOf } from '../domain/line.js';
import type { Reading } from '../domain/reading.js';
import type { Run, WriteBatch } from '../ports/history-store.js';
import type { SpoolRecord } from '../ports/spool.js';

/** One batch of all records; what lies before `from` is left out. */
export function joinRecords(records: readonly SpoolRecord[], from: number): WriteBatch {
  const runs: Run[] = [];
  const payloads: Uint8Array[] = [];
  let count = 0;
  for (const record of records) {
    const skipped = Math.max(0, from - record.position);
    if (skipped >= record.count) continue;
    const position = record.position + skipped;
    const last = runs.at(-1);
    if (last && last.position + last.count === position) last.count += record.count - skipped;
    else runs.push({ position, count: record.count - skipped });
    payloads.push(skipped === 0 ? record.payload : linesFrom(record.payload, skipped));
    count += record.count - skipped;
  }
  return { payload: Buffer.concat(payloads), runs, count };
}

function linesFrom(payload: Uint8Array, skipped: number): Uint8Array {
  return Buffer.from(splitLines(payload).slice(skipped).join(''));
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
