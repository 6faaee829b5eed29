/** Lines on the bus, cut to what a message takes. A newline inside a string ends none. */
import { LineReader } from '../../domain/line.js';
import { messageBytes, type Stretch } from './message.js';

/** A character is up to three bytes. */
const messageCharacters = messageBytes / 2;

/** Lines without the first `skipped`. */
export function skipLines(lines: string, skipped: number): string {
  const reader = new LineReader(lines);
  for (let index = 0; index < skipped; index++) reader.skip();
  return skipped === 0 ? lines : lines.slice(reader.end + 1);
}

/** Cuts lines into stretches for a message each. One line is never cut. */
export function* cutLines(from: number, lines: string): Generator<Stretch> {
  const reader = new LineReader(lines);
  let start = 0;
  let count = 0;
  let position = from;
  while (reader.skip()) {
    count++;
    if (reader.end + 1 - start < messageCharacters) continue;
    yield { from: position, count, lines: Buffer.from(lines.slice(start, reader.end + 1)) };
    position += count;
    count = 0;
    start = reader.end + 1;
  }
  if (count > 0) yield { from: position, count, lines: Buffer.from(lines.slice(start)) };
}
