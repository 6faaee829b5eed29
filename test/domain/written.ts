import { array, bigInt, boolean, constantFrom, double, integer, oneof, record, string } from 'fast-check';
import { encodePrefix } from '../../src/domain/line.js';
import type { FieldValue, Kind } from '../../src/domain/reading.js';
import { toNanoseconds } from '../../src/domain/timestamp.js';

const specials = constantFrom('"', '\\', '\n', ' ', ',', '=', 'a', 'ü', '🌡', '\u2060');
const text = oneof(
  array(specials, { maxLength: 8 }).map((parts) => parts.join('')),
  string({ maxLength: 8 }),
);
const tagText = array(constantFrom('\\', ' ', ',', '=', '"', 'a', '\u2060'), { minLength: 1, maxLength: 6 });
const value = oneof(
  double({ noNaN: true, noDefaultInfinity: true }).map((value): [Kind, FieldValue] => ['float', value]),
  integer().map((value): [Kind, FieldValue] => ['integer', value]),
  bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((value): [Kind, FieldValue] => ['integer', value]),
  boolean().map((value): [Kind, FieldValue] => ['boolean', value]),
  text.map((value): [Kind, FieldValue] => ['string', value]),
);
/** A few at a time, of one series or several, with all kinds of values and all characters that lines treat specially. */
export const readings = array(
  record({
    tag: tagText.map((parts) => parts.join('')),
    fields: array(value, { minLength: 1, maxLength: 4 }),
    ms: integer({ min: 31_536_000_000, max: 4_102_444_800_000 }),
    ns: integer({ min: 0, max: 999_999 }),
  }),
  { maxLength: 6 },
);

export interface Written {
  tag: string;
  fields: [Kind, FieldValue][];
  ms: number;
  ns: number;
}

/** In the plainest way that there is. */
export function lineOf({ tag, fields, ms, ns }: Written): string {
  const values = fields.map(([kind, value], index) => {
    const text = typeof value === 'string' ? `"${value.replace(/["\\]/g, '\\$&')}"` : String(value);
    return `f${index}=${text}${kind === 'integer' ? 'i' : ''}`;
  });
  return `${encodePrefix('lab', 'd1', { tag })} ${values.join(',')} ${toNanoseconds(ms, ns)}`;
}
