/** A JSON object a line, each a reading. Blank lines are none; a line that is not JSON is one reading that is rejected. */
import { isUtf8 } from 'node:buffer';
import type { Batch } from '../domain/batch.js';
import { Rejected } from '../domain/rejected.js';
import { Refusal } from '../domain/refusal.js';
import { byteOrderMark } from './byte-order-mark.js';
import { tooManyReadings, type Codec, type Decoding } from './codec.js';

export const ndjsonMediaType = 'application/x-ndjson';

export const ndjsonCodec: Codec = { mediaType: ndjsonMediaType, decode: decodeNdjson };

const lineFeed = 10;
const blank = /^[ \t\r]*$/;

function decodeNdjson(bytes: Buffer, { precision = 'ms' }: Decoding, maxReadings: number): Batch | Refusal {
  const readings: unknown[] = [];
  const lineOf = isUtf8(bytes) ? textLines(bytes) : checkedLines(bytes);
  for (const line of lineOf) {
    if (typeof line === 'string' && blank.test(line)) continue;
    if (readings.length === maxReadings) return tooManyReadings(maxReadings);
    readings.push(typeof line === 'string' ? parse(line) : line);
  }
  if (readings.length === 0) return new Refusal('empty_batch', 'no line has a reading');
  return { id: undefined, seq: undefined, device: undefined, type: undefined, tags: undefined, precision, readings };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line.charCodeAt(0) === byteOrderMark ? line.slice(1) : line) as unknown;
  } catch (error) {
    return new Rejected('malformed', '', `the line is not JSON: ${(error as Error).message}`);
  }
}

/** The way of all bytes that are UTF-8: one text, cut into lines. */
function* textLines(bytes: Buffer): Iterable<string> {
  const text = bytes.toString('utf8');
  for (let from = 0; from < text.length;) {
    const newline = text.indexOf('\n', from);
    const end = newline < 0 ? text.length : newline;
    yield text.slice(from, end);
    from = end + 1;
  }
}

/** Where one line is not UTF-8, the others may be. */
function* checkedLines(bytes: Buffer): Iterable<string | Rejected> {
  for (let from = 0; from < bytes.length;) {
    const newline = bytes.indexOf(lineFeed, from);
    const end = newline < 0 ? bytes.length : newline;
    const line = bytes.subarray(from, end);
    yield isUtf8(line) ? line.toString('utf8') : new Rejected('malformed', '', 'the line is not valid UTF-8');
    from = end + 1;
  }
}
