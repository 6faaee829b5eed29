/**
 * CBOR (RFC 8949) as SenML has it (RFC 8428 §6). Nothing in its text is changed: the library by itself would put U+FFFD for
 * bytes that are not UTF-8, which are no text (§5.3.1) and are refused here as they are in JSON; and it would leave off a
 * byte order mark at the beginning of a text, which is a character there.
 */
import { decode, Tokenizer, type DecodeOptions, type Token } from 'cborg';
import { isUtf8 } from 'node:buffer';

/** Decimal fractions (RFC 8949 §3.4.4), which §6 of RFC 8428 allows for numbers: `[exponent, mantissa]`. */
const decimalFraction = 4;

/** Labels are numbers, which keys of objects could not be. */
const options: DecodeOptions = {
  useMaps: true,
  allowBigInt: true,
  tags: { [decimalFraction]: (inner) => numberOfFraction(inner()) },
};

/** @throws what is wrong, in words */
export function parseCbor(bytes: Buffer): unknown {
  return decode(bytes, { ...options, tokenizer: new ExactText(bytes, options) });
}

const textMajor = 3;
/** §3: the argument of an item is in its first byte, or in the 1, 2, 4 or 8 bytes that follow. */
const oneByteArgument = 24;
const lastAscii = 0x7f;

class ExactText extends Tokenizer {
  override next(): Token {
    const { data } = this;
    const start = this.pos();
    const token = super.next();
    const first = data[start]!;
    if (first >>> 5 !== textMajor) return token;
    const argument = first & 0x1f;
    const from = start + 1 + (argument < oneByteArgument ? 0 : 1 << (argument - oneByteArgument));
    const end = this.pos();
    // Nearly all text is ASCII, and a look at each byte is cheaper than a call.
    for (let at = from; at < end; at++) {
      if (data[at]! <= lastAscii) continue;
      token.value = exactText(data, from, end);
      break;
    }
    return token;
  }
}

function exactText(data: Uint8Array, from: number, end: number): string {
  const bytes = Buffer.from(data.buffer, data.byteOffset + from, end - from);
  if (!isUtf8(bytes)) throw new Error(`the text at byte ${from} is not valid UTF-8`);
  return bytes.toString('utf8');
}

function numberOfFraction(value: unknown): number {
  const [exponent, mantissa] = Array.isArray(value) ? (value as unknown[]) : [];
  const isNumber = (part: unknown) => typeof part === 'bigint' || Number.isInteger(part);
  if (!isNumber(exponent) || !isNumber(mantissa)) throw new Error('a decimal fraction is two integers');
  return Number(`${String(mantissa)}e${String(exponent)}`);
}
