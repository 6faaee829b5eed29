/**
 * The normalized form of readings, in the spool and on the way to the store: InfluxDB line protocol, one reading a line,
 * every line ended by a newline, times in nanoseconds, UTF-8.
 *
 *     machine,device=boiler-7,site=lyon temperature=73.9,running=true,state="ok" 1700000000000000000
 *     └────────── prefix ─────────────┘ └───────────── fields ─────────────────┘ └───── ts ────────┘
 *
 * - The prefix is the series: type, then the device, then the tags in order of their keys. Two readings are of one series
 *   exactly when their prefixes are equal.
 * - Types, devices and keys need no escapes, their patterns see to that. In tag values comma, equals sign and space get a
 *   backslash. Line protocol has no way to end a tag value with a backslash (it would escape what follows), so such a
 *   value gets a U+2060 (word joiner) behind it, as does one that ends in a backslash and word joiners already.
 * - In string fields double quote and backslash get a backslash; a newline stays as it is, inside the quotes.
 * - Integers end in `i`; floats are as JavaScript prints them; booleans are `true` and `false`.
 *
 * The reader here takes only what the writer here makes. What clients send as line protocol goes through a codec.
 */
import type { FieldValue, Kind, Reading, SeriesIdentity, Tags } from './reading.js';

const wordJoiner = '\u2060';
const tagSpecials = /[,= ]/g;
const endsOpen = /\\\u2060*$/;

/** The prefix of a series. `tags` must be valid; their order does not matter. */
export function encodePrefix(type: string, device: string, tags: Tags): string {
  let prefix = `${type},device=${device}`;
  for (const key of Object.keys(tags).sort()) prefix += `,${key}=${encodeTagValue(tags[key]!)}`;
  return prefix;
}

function encodeTagValue(value: string): string {
  return storedTagValue(value).replace(tagSpecials, '\\$&');
}

/** A tag's value as a store has it that took our lines: with the word joiner, where it needs one. */
export function storedTagValue(value: string): string {
  return endsOpen.test(value) ? value + wordJoiner : value;
}

/** Undoes what a store gives back unescaped: the word joiner that follows a value ending in backslashes. */
export function decodeTagValue(value: string): string {
  return value.endsWith(wordJoiner) && endsOpen.test(value) ? value.slice(0, -1) : value;
}

export function decodePrefix(prefix: string): SeriesIdentity {
  const parts = splitUnescaped(prefix, ',');
  const tags: Record<string, string> = {};
  for (const part of parts.slice(2)) {
    const equals = part.indexOf('=');
    tags[part.slice(0, equals)] = decodeTagValue(part.slice(equals + 1).replace(/\\([,= ])/g, '$1'));
  }
  return { type: parts[0]!, device: parts[1]!.slice('device='.length), tags };
}

function splitUnescaped(text: string, separator: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + 1)) {
    if (text.charCodeAt(at - 1) === backslash) continue;
    parts.push(text.slice(from, at));
    from = at + 1;
  }
  parts.push(text.slice(from));
  return parts;
}

const backslash = 92;
const quote = 34;
const comma = 44;
const space = 32;
const zero = 48;
const nine = 57;
const dot = 46;
const minus = 45;

/**
 * Powers of ten that a double holds exactly. A decimal whose digits make a safe integer, divided by one of these, is
 * rounded once, so it is the same double that `Number(text)` gives, at twice the speed (Clinger 1990, the fast path).
 */
export const exactPowersOfTen = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/**
 * Walks over normalized lines without making an object for each:
 *
 *     const lines = new LineReader(text);
 *     while (lines.next()) use(lines.prefix, lines.keys, lines.values, lines.kinds, lines.fieldCount, lines.ms, lines.ns);
 *
 * `keys`, `values` and `kinds` are reused; only the first `fieldCount` of each belong to the line.
 * Lines of which not all are wanted are skipped by `skip`, which reads `prefix` alone, and read later behind a `seek`.
 * @throws when the text is not what the writer makes
 */
export class LineReader {
  prefix = '';
  readonly keys: string[] = [];
  readonly values: FieldValue[] = [];
  readonly kinds: Kind[] = [];
  fieldCount = 0;
  ms = 0;
  ns = 0;
  /** Where the line begins and ends in the text, the newline left out. */
  start = 0;
  end = 0;
  #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Goes on with the first line of another text. */
  read(text: string): void {
    this.#text = text;
    this.#at = 0;
  }

  next(): boolean {
    if (this.#at >= this.#text.length) return false;
    this.start = this.#at;
    this.#readPrefix();
    this.#readFields();
    this.#readTimestamp();
    return true;
  }

  /** Goes on with the line that begins at `start`. */
  seek(start: number): void {
    this.#at = start;
  }

  /** As `next`, but of the line only `prefix`, `start` and `end` are read. */
  skip(): boolean {
    if (this.#at >= this.#text.length) return false;
    this.start = this.#at;
    this.#readPrefix();
    this.end = this.#lineEnd();
    this.#at = this.end + 1;
    return true;
  }

  /** The next newline that is in no string. */
  #lineEnd(): number {
    const text = this.#text;
    let end = text.indexOf('\n', this.#at);
    if (end < 0) end = text.length;
    let opening = text.indexOf('"', this.#at);
    while (opening >= 0 && opening < end) {
      let closing = opening + 1;
      for (let code = text.charCodeAt(closing); code !== quote; code = text.charCodeAt(++closing)) {
        if (code === backslash) closing++;
        else if (code !== code) throw this.#damaged();
      }
      if (closing > end) {
        end = text.indexOf('\n', closing);
        if (end < 0) end = text.length;
      }
      opening = text.indexOf('"', closing + 1);
    }
    return end;
  }

  #readPrefix(): void {
    let at = this.#text.indexOf(' ', this.#at);
    while (at > 0 && this.#text.charCodeAt(at - 1) === backslash) at = this.#text.indexOf(' ', at + 1);
    if (at < 0) throw this.#damaged();
    this.prefix = this.#text.slice(this.#at, at);
    this.#at = at + 1;
  }

  #readFields(): void {
    const text = this.#text;
    this.fieldCount = 0;
    for (;;) {
      const equals = text.indexOf('=', this.#at);
      if (equals < 0) throw this.#damaged();
      this.keys[this.fieldCount] = text.slice(this.#at, equals);
      this.#at = equals + 1;
      if (text.charCodeAt(this.#at) === quote) this.#readString();
      else this.#readPlain();
      this.fieldCount++;
      const separator = text.charCodeAt(this.#at++);
      if (separator === space) return;
      if (separator !== comma) throw this.#damaged();
    }
  }

  #readString(): void {
    const text = this.#text;
    const from = this.#at + 1;
    let at = from;
    let escaped = false;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === quote) break;
      if (code === backslash) {
        escaped = true;
        at++;
      } else if (code !== code) throw this.#damaged();
      at++;
    }
    const raw = text.slice(from, at);
    this.values[this.fieldCount] = escaped ? raw.replace(/\\(["\\])/g, '$1') : raw;
    this.kinds[this.fieldCount] = 'string';
    this.#at = at + 1;
  }

  #readPlain(): void {
    const text = this.#text;
    const from = this.#at;
    let at = from;
    let code = text.charCodeAt(at);
    // Digits and the place of the point are gathered on the way, for `decimal`.
    let digits = 0;
    let point = -1;
    let simple = true;
    while (code !== comma && code !== space) {
      if (code >= zero && code <= nine) digits = digits * 10 + (code - zero);
      else if (code === dot) point = at;
      else if (code !== code) throw this.#damaged();
      else if (code !== minus || at > from) simple = false;
      code = text.charCodeAt(++at);
    }
    this.#at = at;
    const last = text.charCodeAt(at - 1);
    const index = this.fieldCount;
    if (last === 105 /* i */) {
      const integer = text.slice(from, at - 1);
      const number = Number(integer);
      this.values[index] = Number.isSafeInteger(number) ? number : BigInt(integer);
      this.kinds[index] = 'integer';
    } else if (last === 101 /* e */) {
      this.values[index] = text.charCodeAt(from) === 116; /* t */
      this.kinds[index] = 'boolean';
    } else {
      const places = point < 0 ? 0 : at - 1 - point;
      this.values[index] =
        simple && places < exactPowersOfTen.length && digits <= Number.MAX_SAFE_INTEGER
          ? (text.charCodeAt(from) === minus ? -digits : digits) / exactPowersOfTen[places]!
          : Number(text.slice(from, at));
      this.kinds[index] = 'float';
    }
  }

  #readTimestamp(): void {
    const text = this.#text;
    const from = this.#at;
    let end = text.indexOf('\n', from);
    if (end < 0) end = text.length;
    const belowMs = end - 6;
    if (belowMs <= from) throw this.#damaged();
    this.ms = this.#readDigits(from, belowMs);
    this.ns = this.#readDigits(belowMs, end);
    this.end = end;
    this.#at = end + 1;
  }

  #readDigits(from: number, to: number): number {
    let number = 0;
    for (let at = from; at < to; at++) {
      const digit = this.#text.charCodeAt(at) - zero;
      if (!(digit >= 0 && digit <= 9)) throw this.#damaged();
      number = number * 10 + digit;
    }
    return number;
  }

  #damaged(): Error {
    return new Error(`not a normalized line at character ${this.#at}`);
  }
}

/** The reading of the line that `lines` stands on, as clients see it. */
export function readingOf(lines: LineReader, series: SeriesIdentity): Reading {
  const fields: Reading['fields'] = {};
  for (let index = 0; index < lines.fieldCount; index++) {
    const value = lines.values[index]!;
    fields[lines.keys[index]!] = typeof value === 'bigint' ? value.toString() : value;
  }
  return { device: series.device, type: series.type, ts: lines.ms, tags: series.tags, fields };
}
