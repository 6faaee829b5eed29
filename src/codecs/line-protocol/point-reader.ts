/**
 * Walks over line protocol as InfluxDB defines it, one point after the other:
 *
 *     measurement[,tag=value …] field=value[,field=value …] [time]
 *
 *     const points = new PointReader(text, series);
 *     while (points.next()) use(points.line, points.error ?? points.series, points.fields, points.time);
 *
 * - Blank lines and those that begin with `#` are no points. Lines end in LF or CRLF; the last may end with the text.
 * - In measurements, tags and field keys a backslash takes its meaning from a comma, a space and (but for measurements) an
 *   equals sign; before anything else it is itself.
 * - What values there are says value-reader.ts.
 * - A line that is wrong is skipped up to its end (line-end.ts), and the next one is read.
 *
 * Speed comes from what lines of one series share: what stands before the fields is looked up, not read (series-cache.ts),
 * and field keys that stand where they stood in the line before are compared, not cut out. What is looked for ahead is kept
 * until it is passed, so that no text is looked through twice.
 */
import { ownText } from '../../domain/own-text.js';
import { limits, type FieldValue } from '../../domain/reading.js';
import type { ExactTime } from '../../domain/timestamp.js';
import { keyName } from '../names.js';
import { Cursor } from './cursor.js';
import { endOfLine } from './line-end.js';
import { LineError } from './line-error.js';
import type { SeriesCache } from './series-cache.js';
import type { SeriesKey } from './series-key.js';
import { TimeReader, type TimeUnit } from './time-reader.js';
import { ValueReader } from './value-reader.js';

const tab = 9;
const newline = 10;
const carriageReturn = 13;
const space = 32;
const hash = 35;
const comma = 44;
const equals = 61;
const backslash = 92;

const keyEscapes = /\\([,= ])/g;

export class PointReader {
  /** The line on which the point begins, from 1. */
  line = 0;
  /** Set where the point could not be read; what follows is that of an earlier point then. */
  error: LineError | undefined;
  series!: SeriesKey;
  fields: Record<string, FieldValue> = {};
  time: ExactTime | undefined;
  readonly #cache: SeriesCache;
  readonly #cursor: Cursor;
  readonly #values: ValueReader;
  readonly #times: TimeReader;
  #start = 0;
  #nextLine = 1;
  // The first of each that is not before the cursor, and the length of the text where there is none.
  #space = -1;
  #newline = -1;

  constructor(text: string, cache: SeriesCache, unit: TimeUnit) {
    this.#cache = cache;
    this.#cursor = new Cursor(text);
    this.#values = new ValueReader(this.#cursor);
    this.#times = new TimeReader(this.#cursor, unit);
  }

  next(): boolean {
    if (!this.#skipToPoint()) return false;
    const cursor = this.#cursor;
    this.#start = cursor.at;
    this.line = this.#nextLine;
    this.error = undefined;
    try {
      this.#readSeries();
      this.#readFields();
      this.time = this.#times.read();
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      this.error = error;
      cursor.at = endOfLine(cursor.text, this.#start);
    }
    // The newline at the end is counted when it is passed; here those within strings.
    if (this.#newline < cursor.at) this.#nextLine += countNewlines(cursor.text.slice(this.#newline, cursor.at));
    return true;
  }

  /** Where the error is: line and column from 1, in characters. */
  place({ at }: LineError): { line: number; column: number } {
    const { text } = this.#cursor;
    const lineStart = text.lastIndexOf('\n', at - 1) + 1;
    const line = this.line + countNewlines(text.slice(this.#start, Math.max(this.#start, lineStart)));
    return { line, column: Array.from(text.slice(lineStart, at)).length + 1 };
  }

  /** Past blank lines and comments. @returns whether there is a point; `#newline` is the end of its first line then */
  #skipToPoint(): boolean {
    const cursor = this.#cursor;
    const { text } = cursor;
    for (; cursor.at < text.length; cursor.at++) {
      const code = text.charCodeAt(cursor.at);
      if (code === newline) this.#nextLine++;
      else if (code !== space && code !== tab && code !== carriageReturn) {
        this.#newline = cursor.next('\n', this.#newline);
        if (code !== hash) return true;
        cursor.at = this.#newline - 1;
      }
    }
    return false;
  }

  #readSeries(): void {
    const cursor = this.#cursor;
    const { text, at: from } = cursor;
    let end = cursor.next(' ', this.#space);
    while (end < this.#newline && text.charCodeAt(end - 1) === backslash) {
      end = text.indexOf(' ', end + 1);
      if (end < 0) end = text.length;
    }
    this.#space = end;
    if (end > this.#newline || end === text.length) throw new LineError(this.#lineEnd(), 'there are no fields');
    try {
      this.series = this.#cache.find(text.slice(from, end));
    } catch (error) {
      throw error instanceof LineError ? new LineError(from + error.at, error.message) : error;
    }
    cursor.at = end;
    cursor.skipSpaces();
    if (cursor.isLineEnd(cursor.at)) throw new LineError(cursor.at, 'there are no fields');
  }

  #readFields(): void {
    const { written, names, tags } = this.series;
    const cursor = this.#cursor;
    const { text } = cursor;
    const fields: Record<string, FieldValue> = {};
    this.fields = fields;
    let isAsBefore = true;
    for (let count = 0; ; count++) {
      const expected = isAsBefore ? written[count] : undefined;
      const isExpected =
        expected !== undefined &&
        text.startsWith(expected, cursor.at) &&
        text.charCodeAt(cursor.at + expected.length) === equals;
      if (isExpected) {
        cursor.at += expected.length + 1;
        fields[names[count]!] = this.#values.read();
      } else {
        isAsBefore = false;
        const key = this.#readKey();
        const value = this.#values.read();
        // One more than there may be is enough to have the reading rejected; the others need no name that is free.
        if (count <= limits.fields) {
          const isTaken = (one: string) => Object.hasOwn(fields, one) || Object.hasOwn(tags, one);
          const name = keyName(key.replace(keyEscapes, '$1'), isTaken);
          fields[name] = value;
          written.splice(count, Infinity, ownText(key));
          names.splice(count, Infinity, ownText(name));
        }
      }
      if (text.charCodeAt(cursor.at) !== comma) return;
      cursor.at++;
    }
  }

  /** The key as it is written; leaves off behind its equals sign. */
  #readKey(): string {
    const cursor = this.#cursor;
    const { text, at: from } = cursor;
    for (let at = from; ; at++) {
      const code = text.charCodeAt(at);
      if (code === equals) {
        if (at === from) throw new LineError(from, 'the key of a field is missing');
        cursor.at = at + 1;
        return text.slice(from, at);
      }
      if (code === backslash) {
        const next = text.charCodeAt(at + 1);
        if (next === comma || next === equals || next === space) at++;
      } else if (code === comma || code === space || code === newline || code !== code) {
        throw new LineError(from, at === from ? 'the key of a field is missing' : 'a field has no "="');
      }
    }
  }

  /** The end of the first line of the point. */
  #lineEnd(): number {
    const end = this.#newline;
    return this.#cursor.text.charCodeAt(end - 1) === carriageReturn ? end - 1 : end;
  }
}

function countNewlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
