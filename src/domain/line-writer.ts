/**
 * Writes normalized lines (line.ts) as bytes, one after the other:
 *
 *     const writer = new LineWriter(memory);
 *     writer.begin(prefix, isAscii);
 *     writer.field('temperature', 73.9, 'float');
 *     writer.end(1700000000000, 0);
 *     use(writer.count, writer.bytes);
 *
 * A line that was begun and not ended is not there.
 *
 * This is the hot path. Making a text of each line, and bytes of all the texts, took 480 ns for a reading with three fields;
 * this takes 270 ns and leaves no garbage.
 */
import type { FieldValue, Kind } from './reading.js';

const backslash = 92;
const comma = 44;
const dot = 46;
const equals = 61;
const minus = 45;
const newline = 10;
const quote = 34;
const space = 32;
const zero = 48;
const letterI = 105;
const stringSpecials = /["\\]/g;

/** UTF-8 takes at most three bytes for a UTF-16 unit, an escaped character two. */
const bytesOfUnit = 3;
/** More than a number, a time and the signs around them take. */
const room = 64;
/** Decimals with up to so many places are written without a detour over text, as long as 32 bits hold their digits. */
const places = 3;
const powersOfTen = [1, 10, 100, 1000] as const;
const scale = 1000;
const largestScaled = 2 ** 31 - 1;

export class LineWriter {
  /** Lines that were ended. */
  count = 0;
  #bytes: Buffer;
  /** Behind the last line that was ended. */
  #end = 0;
  #at = 0;
  #isFirst = true;

  /** @param memory to begin with; where it is too small, the lines go on in a larger one */
  constructor(memory: Buffer = Buffer.alloc(0)) {
    this.#bytes = memory;
  }

  /** The memory that the lines lie in, all of it: for another writer, when nobody needs these lines any more. */
  get memory(): Buffer {
    return this.#bytes;
  }

  /** All lines that were ended, UTF-8; not a copy. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  get size(): number {
    return this.#end;
  }

  /** @param isAscii whether the prefix has no other characters */
  begin(prefix: string, isAscii: boolean): void {
    this.#at = this.#end;
    this.#need(prefix.length * bytesOfUnit + room);
    // Where it may, since it takes 40 ns instead of the 260 ns of UTF-8.
    this.#at += this.#bytes.write(prefix, this.#at, isAscii ? 'latin1' : 'utf8');
    this.#isFirst = true;
  }

  field(name: string, value: FieldValue, kind: Kind): void {
    this.#need(name.length * bytesOfUnit + room);
    this.#bytes[this.#at++] = this.#isFirst ? space : comma;
    this.#isFirst = false;
    this.#text(name);
    this.#bytes[this.#at++] = equals;
    if (typeof value === 'string') this.#string(value);
    else if (typeof value === 'number') this.#number(value);
    else this.#text(String(value));
    if (kind === 'integer') this.#bytes[this.#at++] = letterI;
  }

  /** @param ms not negative */
  end(ms: number, ns: number): void {
    this.#need(room);
    this.#bytes[this.#at++] = space;
    const millions = Math.floor(ms / 1e6);
    this.#integer(millions);
    this.#digits(ms - millions * 1e6, 6);
    this.#digits(ns, 6);
    this.#bytes[this.#at++] = newline;
    this.#end = this.#at;
    this.count++;
  }

  #string(value: string): void {
    this.#need(value.length * bytesOfUnit + room);
    this.#bytes[this.#at++] = quote;
    this.#text(value, true);
    this.#bytes[this.#at++] = quote;
  }

  /** There must be room for it. */
  #text(text: string, escapes = false): void {
    const bytes = this.#bytes;
    let at = this.#at;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) {
        const rest = text.slice(index);
        this.#at = at + bytes.write(escapes ? rest.replace(stringSpecials, '\\$&') : rest, at, 'utf8');
        return;
      }
      if (escapes && (code === quote || code === backslash)) bytes[at++] = backslash;
      bytes[at++] = code;
    }
    this.#at = at;
  }

  /** As JavaScript prints it. Decimals with few places, which sensors send, are written in half of the time. */
  #number(value: number): void {
    const scaled = Math.round(Math.abs(value) * scale);
    // A decimal of at most 15 digits that gives this double is the shortest one that does, so it is what is printed.
    if (scaled / scale !== Math.abs(value) || scaled > largestScaled) return this.#text(String(value));
    if (value < 0) this.#bytes[this.#at++] = minus;
    let rest = scaled | 0;
    let fraction = places;
    while (fraction > 0 && rest % 10 === 0) {
      rest = (rest / 10) | 0;
      fraction--;
    }
    const unit = powersOfTen[fraction]!;
    const whole = (rest / unit) | 0;
    this.#integer(whole);
    if (fraction === 0) return;
    this.#bytes[this.#at++] = dot;
    this.#digits(rest - whole * unit, fraction);
  }

  /** Not negative, and of 32 bits: dividing such numbers made writing a time three times as fast. */
  #integer(number: number): void {
    let width = 1;
    for (let rest = number | 0; rest >= 10; rest = (rest / 10) | 0) width++;
    this.#digits(number, width);
  }

  /** The last `width` digits, with zeros before them. */
  #digits(number: number, width: number): void {
    const bytes = this.#bytes;
    const from = this.#at;
    let rest = number | 0;
    for (let at = from + width - 1; at >= from; at--) {
      const tenth = (rest / 10) | 0;
      bytes[at] = zero + rest - tenth * 10;
      rest = tenth;
    }
    this.#at = from + width;
  }

  #need(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
