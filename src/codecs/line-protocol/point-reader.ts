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
 * - Values: `1`, `1.5e3` float; `5i`, `5u` integer, as a bigint; `t`, `T`, `true`, `True`, `TRUE` and the same for false;
 *   `"text"`, in which `\"` and `\\` are escapes and a newline is itself.
 * - A line that is wrong is skipped up to its end (line-end.ts), and the next one is read.
 *
 * Speed comes from what lines of one series share: what stands before the fields is looked up, not read (series-cache.ts),
 * and field keys that stand where they stood in the line before are compared, not cut out. What is looked for ahead is kept
 * until it is passed, so that no text is looked through twice.
 */
import { exactPowersOfTen } from '../../domain/line.js';
import { limits, type FieldValue, type Precision } from '../../domain/reading.js';
import { ExactTime } from '../../domain/timestamp.js';
import { keyName } from '../names.js';
import { closingQuote, endOfLine } from './line-end.js';
import { LineError } from './line-error.js';
import type { SeriesCache } from './series-cache.js';
import type { SeriesKey } from './series-key.js';

const tab = 9;
const newline = 10;
const carriageReturn = 13;
const space = 32;
const quote = 34;
const hash = 35;
const plus = 43;
const comma = 44;
const minus = 45;
const dot = 46;
const zero = 48;
const nine = 57;
const equals = 61;
const backslash = 92;
const letterI = 105;
const letterU = 117;

const float = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const booleans = new Map<string, boolean>([
  ...['t', 'T', 'true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['f', 'F', 'false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);
const keyEscapes = /\\([,= ])/g;
const stringEscapes = /\\(["\\])/g;
/** V8 lets a shorter piece of a string stand by itself; a longer one would keep the whole text in memory. */
const shortestPiece = 13;
/** What has more digits is no integer of 64 bits, and in no unit a time that we take. */
const mostIntegerDigits = 20;
/** So many digits are exact in a double. */
const safeDigits = 15;
const digitsBelowMs: Record<Precision, number> = { s: 0, ms: 0, us: 3, ns: 6 };

/** Unit of the times: `factor` times the precision. */
export interface TimeUnit {
  precision: Precision;
  factor: number;
}

export class PointReader {
  /** The line on which the point begins, from 1. */
  line = 0;
  /** Set where the point could not be read; what follows is that of an earlier point then. */
  error: LineError | undefined;
  series!: SeriesKey;
  fields: Record<string, FieldValue> = {};
  time: ExactTime | undefined;
  readonly #text: string;
  readonly #cache: SeriesCache;
  readonly #digitsBelowMs: number;
  readonly #msFactor: number;
  #at = 0;
  #start = 0;
  #nextLine = 1;
  // The first of each that is not before `#at`, and the length of the text where there is none.
  #space = -1;
  #newline = -1;
  #backslash = -1;

  constructor(text: string, cache: SeriesCache, { precision, factor }: TimeUnit) {
    this.#text = text;
    this.#cache = cache;
    this.#digitsBelowMs = digitsBelowMs[precision];
    this.#msFactor = (precision === 's' ? 1000 : 1) * factor;
  }

  next(): boolean {
    if (!this.#skipToPoint()) return false;
    this.#start = this.#at;
    this.line = this.#nextLine;
    this.error = undefined;
    try {
      this.#readSeries();
      this.#readFields();
      this.#readTime();
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      this.error = error;
      this.#at = endOfLine(this.#text, this.#start);
    }
    // The newline at the end is counted when it is passed; here those within strings.
    if (this.#newline < this.#at) this.#nextLine += countNewlines(this.#text.slice(this.#newline, this.#at));
    return true;
  }

  /** Where the error is: line and column from 1, in characters. */
  place({ at }: LineError): { line: number; column: number } {
    const lineStart = this.#text.lastIndexOf('\n', at - 1) + 1;
    const line = this.line + countNewlines(this.#text.slice(this.#start, Math.max(this.#start, lineStart)));
    return { line, column: Array.from(this.#text.slice(lineStart, at)).length + 1 };
  }

  /** Past blank lines and comments. @returns whether there is a point; `#newline` is the end of its first line then */
  #skipToPoint(): boolean {
    const text = this.#text;
    for (; this.#at < text.length; this.#at++) {
      const code = text.charCodeAt(this.#at);
      if (code === newline) this.#nextLine++;
      else if (code !== space && code !== tab && code !== carriageReturn) {
        this.#newline = this.#find('\n', this.#newline);
        if (code !== hash) return true;
        this.#at = this.#newline - 1;
      }
    }
    return false;
  }

  #readSeries(): void {
    const text = this.#text;
    const from = this.#at;
    let end = this.#find(' ', this.#space);
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
    this.#at = end;
    this.#skipSpaces();
    if (this.#isLineEnd(this.#at)) throw new LineError(this.#at, 'there are no fields');
  }

  #readFields(): void {
    const { written, names, tags } = this.series;
    const text = this.#text;
    const fields: Record<string, FieldValue> = {};
    this.fields = fields;
    let isAsBefore = true;
    for (let count = 0; ; count++) {
      const expected = isAsBefore ? written[count] : undefined;
      const isExpected =
        expected !== undefined &&
        text.startsWith(expected, this.#at) &&
        text.charCodeAt(this.#at + expected.length) === equals;
      if (isExpected) {
        this.#at += expected.length + 1;
        fields[names[count]!] = this.#readValue();
      } else {
        isAsBefore = false;
        const key = this.#readKey();
        const value = this.#readValue();
        // One more than there may be is enough to have the reading rejected; the others need no name that is free.
        if (count <= limits.fields) {
          const isTaken = (one: string) => Object.hasOwn(fields, one) || Object.hasOwn(tags, one);
          const name = keyName(key.replace(keyEscapes, '$1'), isTaken);
          fields[name] = value;
          written.splice(count, Infinity, own(key));
          names.splice(count, Infinity, own(name));
        }
      }
      if (text.charCodeAt(this.#at) !== comma) return;
      this.#at++;
    }
  }

  /** The key as it is written; leaves off behind its equals sign. */
  #readKey(): string {
    const text = this.#text;
    const from = this.#at;
    for (let at = from; ; at++) {
      const code = text.charCodeAt(at);
      if (code === equals) {
        if (at === from) throw new LineError(from, 'the key of a field is missing');
        this.#at = at + 1;
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

  #readValue(): FieldValue {
    const text = this.#text;
    const from = this.#at;
    let at = from;
    let code = text.charCodeAt(at);
    if (code === quote) return this.#readString();
    const isNegative = code === minus;
    if (isNegative || code === plus) code = text.charCodeAt(++at);
    let digits = 0;
    let count = 0;
    let point = -1;
    for (;;) {
      if (code >= zero && code <= nine) {
        digits = digits * 10 + (code - zero);
        count++;
      } else if (code === dot && point < 0) point = at;
      else break;
      code = text.charCodeAt(++at);
    }
    if (count > 0 && this.#isEnd(at)) {
      this.#at = at;
      const places = point < 0 ? 0 : at - 1 - point;
      if (count > safeDigits) return Number(text.slice(from, at));
      // Rounded once, so it is the double that `Number` makes of the text (domain/line.ts).
      return (isNegative ? -digits : digits) / exactPowersOfTen[places]!;
    }
    const isUnsigned = code === letterU;
    if ((code === letterI || (isUnsigned && !isNegative)) && count > 0 && point < 0 && this.#isEnd(at + 1)) {
      if (count > mostIntegerDigits) throw new LineError(from, 'an integer has at most 64 bits');
      this.#at = at + 1;
      return count > safeDigits ? BigInt(text.slice(from, at)) : BigInt(isNegative ? -digits : digits);
    }
    return this.#readWord();
  }

  /** A boolean, a float with an exponent, or nothing that a field can have. */
  #readWord(): FieldValue {
    const from = this.#at;
    let end = from;
    while (!this.#isEnd(end)) end++;
    const word = this.#text.slice(from, end);
    this.#at = end;
    const truth = booleans.get(word);
    if (truth !== undefined) return truth;
    if (float.test(word)) return Number(word);
    throw new LineError(
      from,
      word === '' ? 'the value of a field is missing' : 'this is no value that a field can have',
    );
  }

  #readString(): string {
    const text = this.#text;
    const from = this.#at + 1;
    this.#backslash = this.#find('\\', this.#backslash);
    let end = text.indexOf('"', from);
    const isEscaped = end < 0 || this.#backslash < end;
    if (isEscaped) end = closingQuote(text, from);
    if (end < 0) throw new LineError(this.#at, 'a string has no end');
    if (!this.#isEnd(end + 1))
      throw new LineError(end + 1, 'this is neither a comma, nor a space, nor the end of the line');
    this.#at = end + 1;
    const value = text.slice(from, end);
    return own(isEscaped ? value.replace(stringEscapes, '$1') : value);
  }

  #readTime(): void {
    const text = this.#text;
    this.#skipSpaces();
    const from = this.#at;
    this.time = undefined;
    if (!this.#isLineEnd(from)) {
      let at = text.charCodeAt(from) === minus ? from + 1 : from;
      const first = at;
      while (text.charCodeAt(at) >= zero && text.charCodeAt(at) <= nine) at++;
      const isTime = at > first && at - first <= mostIntegerDigits && this.#isEnd(at) && text.charCodeAt(at) !== comma;
      if (!isTime) throw new LineError(from, 'the time is not an integer');
      this.time = this.#timeOf(first, at, first > from);
      this.#at = at;
      this.#skipSpaces();
    }
    if (!this.#isLineEnd(this.#at)) throw new LineError(this.#at, 'nothing may follow the time');
  }

  #timeOf(from: number, to: number, isNegative: boolean): ExactTime {
    const below = Math.max(from, to - this.#digitsBelowMs);
    const ms = this.#digits(from, below) * this.#msFactor;
    const ns = this.#digits(below, to) * 10 ** (6 - this.#digitsBelowMs);
    if (!isNegative) return new ExactTime(ms, below === to ? 0 : ns);
    return below === to || ns === 0 ? new ExactTime(-ms, 0) : new ExactTime(-ms - 1, 1_000_000 - ns);
  }

  #digits(from: number, to: number): number {
    let number = 0;
    for (let at = from; at < to; at++) number = number * 10 + (this.#text.charCodeAt(at) - zero);
    return number;
  }

  /** Whether a value may end before `at`. */
  #isEnd(at: number): boolean {
    const code = this.#text.charCodeAt(at);
    return code === comma || code === space || this.#isLineEnd(at);
  }

  #isLineEnd(at: number): boolean {
    const text = this.#text;
    if (at >= text.length) return true;
    const code = text.charCodeAt(at);
    if (code === newline) return true;
    return code === carriageReturn && (at + 1 === text.length || text.charCodeAt(at + 1) === newline);
  }

  /** The end of the first line of the point. */
  #lineEnd(): number {
    const end = this.#newline;
    return this.#text.charCodeAt(end - 1) === carriageReturn ? end - 1 : end;
  }

  #skipSpaces(): void {
    while (this.#text.charCodeAt(this.#at) === space) this.#at++;
  }

  /** Where `mark` is next, `known` being where it was when it was last looked for. */
  #find(mark: string, known: number): number {
    if (known >= this.#at) return known;
    const found = this.#text.indexOf(mark, this.#at);
    return found < 0 ? this.#text.length : found;
  }
}

function countNewlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** The same text, not as a piece of a larger one. */
function own(text: string): string {
  return text.length < shortestPiece ? text : Buffer.from(text).toString();
}
