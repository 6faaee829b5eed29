/**
 * InfluxDB 3 stores the good lines of a batch and names the others:
 *
 *     400 {"error":"partial write of line protocol occurred",
 *          "data":[{"original_line":"…","line_number":2,"error_message":"invalid column type …"}]}
 *
 * Lines count from 1. A `data` that is no list says that nothing was stored. 1.x and 2.x only count what they drop:
 *
 *     400 {"error":"partial write: points beyond retention policy dropped=2"}
 *
 * which says which when it is all of them, as with a backfill that comes too late. (Of field type conflicts nobody promises
 * that a point counts once.) What cannot be relied on is not: then the batch counts as refused as a whole, and is split,
 * which finds the lines as surely.
 */
import { HttpError } from '@influxdata/influxdb-client';
import type { WriteBatch } from '../../ports/history-store.js';
import { serverWords } from './errors.js';
import { excerpt } from './excerpt.js';

/** Its documentation: "up to 100 points". A list that is as long may be cut off. */
const listedAtMost = 100;
const newline = 0x0a;
const tooOld = /\bpoints (?:beyond|outside) retention policy\b.*\bdropped=(\d+)$/s;

export type RefusedLines = { index: number; reason: string }[];

/** @returns undefined unless the server said exactly which lines it refuses */
export function refusedLines(error: unknown, batch: WriteBatch): RefusedLines | undefined {
  if (!(error instanceof HttpError)) return undefined;
  const words = serverWords(error);
  if (Number(tooOld.exec(words)?.[1]) === batch.count) return allOf(batch, excerpt(words));
  if (error.statusCode !== 400) return undefined;
  const listed = listedErrors(error);
  if (listed.length === 0 || listed.length >= listedAtMost || !hasOneLineEach(batch)) return undefined;
  const refused = new Map<number, string>();
  for (const { line_number: line, error_message: reason } of listed) {
    if (!Number.isInteger(line) || line < 1 || line > batch.count) return undefined;
    refused.set(line - 1, excerpt(String(reason)));
  }
  return [...refused].map(([index, reason]) => ({ index, reason }));
}

function allOf({ count }: WriteBatch, reason: string): RefusedLines {
  return Array.from({ length: count }, (_, index) => ({ index, reason }));
}

interface LineError {
  line_number: number;
  error_message: unknown;
}

function listedErrors(error: HttpError): LineError[] {
  const answer: unknown = error.json;
  if (typeof answer !== 'object' || answer === null || !('data' in answer) || !Array.isArray(answer.data)) return [];
  return answer.data.every(isLineError) ? answer.data : [];
}

function isLineError(entry: unknown): entry is LineError {
  return (
    typeof entry === 'object' &&
    entry !== null &&
    'line_number' in entry &&
    typeof entry.line_number === 'number' &&
    'error_message' in entry
  );
}

/** A newline inside a string makes line numbers a matter of opinion. */
function hasOneLineEach({ payload, count }: WriteBatch): boolean {
  let lines = 0;
  for (let at = payload.indexOf(newline); at >= 0; at = payload.indexOf(newline, at + 1)) lines++;
  return lines === count;
}
