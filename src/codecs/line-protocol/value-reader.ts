/**
 * Values of fields: `1`, `1.5e3` float; `5i`, `5u` integer, as a bigint; `t`, `T`, `true`, `True`, `TRUE` and the same for
 * false; `"text"`, in which `\"` and `\\` are escapes and a newline is itself.
 */
import { exactPowersOfTen } from '../../domain/line.js';
import { ownText } from '../../domain/own-text.js';
import type { FieldValue } from '../../domain/reading.js';
import type { Cursor } from './cursor.js';
import { closingQuote } from './line-end.js';
import { LineError } from './line-error.js';

const quote = 34;
const plus = 43;
const minus = 45;
const dot = 46;
const zero = 48;
const nine = 57;
const letterI = 105;
const letterU = 117;

const float = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const booleans = new Map<string, boolean>([
  ...['t', 'T', 'true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['f', 'F', 'false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);
const stringEscapes = /\\(["\\])/g;
/** What has more digits is no integer of 64 bits. */
const mostIntegerDigits = 20;
/** So many digits are exact in a double. */
const safeDigits = 15;

export class ValueReader {
  readonly #cursor: Cursor;
  /** The first backslash that is not before the cursor, when it was last looked for. */
  #backslash = -1;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  /** The value at the cursor, which stands behind it then. @throws LineError */
  read(): FieldValue {
    const cursor = this.#cursor;
    const { text, at: from } = cursor;
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
    if (count > 0 && cursor.isEnd(at)) {
      cursor.at = at;
      const places = point < 0 ? 0 : at - 1 - point;
      if (count > safeDigits) return Number(text.slice(from, at));
      // Rounded once, so it is the double that `Number` makes of the text (domain/line.ts).
      return (isNegative ? -digits : digits) / exactPowersOfTen[places]!;
    }
    const isUnsigned = code === letterU;
    if ((code === letterI || (isUnsigned && !isNegative)) && count > 0 && point < 0 && cursor.isEnd(at + 1)) {
      if (count > mostIntegerDigits) throw new LineError(from, 'an integer has at most 64 bits');
      cursor.at = at + 1;
      return count > safeDigits ? BigInt(text.slice(from, at)) : BigInt(isNegative ? -digits : digits);
    }
    return this.#readWord();
  }

  /** A boolean, a float with an exponent, or nothing that a field can have. */
  #readWord(): FieldValue {
    const cursor = this.#cursor;
    const from = cursor.at;
    let end = from;
    while (!cursor.isEnd(end)) end++;
    const word = cursor.text.slice(from, end);
    cursor.at = end;
    const truth = booleans.get(word);
    if (truth !== undefined) return truth;
    if (float.test(word)) return Number(word);
    throw new LineError(
      from,
      word === '' ? 'the value of a field is missing' : 'this is no value that a field can have',
    );
  }

  #readString(): string {
    const cursor = this.#cursor;
    const { text } = cursor;
    const from = cursor.at + 1;
    this.#backslash = cursor.next('\\', this.#backslash);
    let end = text.indexOf('"', from);
    const isEscaped = end < 0 || this.#backslash < end;
    if (isEscaped) end = closingQuote(text, from);
    if (end < 0) throw new LineError(cursor.at, 'a string has no end');
    if (!cursor.isEnd(end + 1))
      throw new LineError(end + 1, 'this is neither a comma, nor a space, nor the end of the line');
    cursor.at = end + 1;
    const value = text.slice(from, end);
    return ownText(isEscaped ? value.replace(stringEscapes, '$1') : value);
  }
}
