import { array, bigInt, boolean, constantFrom, double, integer, oneof, record, sample, string } from 'fast-check';
import t from 'tap';
import { LineReader, encodeField, encodePrefix } from '../../src/domain/line.js';
import type { FieldValue, Kind } from '../../src/domain/reading.js';
import { nanosecondDigits } from '../../src/domain/timestamp.js';

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
const readings = array(
  record({
    tag: tagText.map((parts) => parts.join('')),
    fields: array(value, { minLength: 1, maxLength: 4 }),
    ms: integer({ min: 31_536_000_000, max: 4_102_444_800_000 }),
    ns: integer({ min: 0, max: 999_999 }),
  }),
  { maxLength: 6 },
);

function lineOf({ tag, fields, ms, ns }: { tag: string; fields: [Kind, FieldValue][]; ms: number; ns: number }) {
  const values = fields.map(([kind, value], index) => `f${index}=${encodeField(value, kind)}`).join(',');
  return `${encodePrefix('lab', 'd1', { tag })} ${values} ${nanosecondDigits(ms, ns)}`;
}

t.test('lines that are skipped are found where reading them finds them, whatever their strings hold', async (t) => {
  for (const batch of sample(readings, 2000)) {
    const lines = batch.map(lineOf);
    const payload = lines.map((line) => `${line}\n`).join('');
    const reader = new LineReader(payload);
    const skipper = new LineReader(payload);
    for (const [index, line] of lines.entries()) {
      if (!reader.next() || !skipper.skip()) return t.fail('a line is missing', { payload });
      const found = [skipper.start, skipper.end, skipper.prefix];
      if (payload.slice(skipper.start, skipper.end) !== line) return t.fail('another line', { payload, index, found });
      t.same(found, [reader.start, reader.end, reader.prefix]);
    }
    if (reader.next() || skipper.skip()) return t.fail('a line too many', { payload });
  }
});

t.test('a reader goes back to a line that it skipped', async (t) => {
  const payload = 'lab,device=a s="x\n y" 1000000\nlab,device=b v=2.5 2000000\n';
  const reader = new LineReader(payload);
  t.ok(reader.skip() && reader.skip());
  const second = reader.start;
  reader.seek(0);
  t.ok(reader.next());
  t.same([reader.prefix, reader.values[0], reader.ms], ['lab,device=a', 'x\n y', 1]);
  reader.seek(second);
  t.ok(reader.next());
  t.same([reader.prefix, reader.values[0], reader.ms], ['lab,device=b', 2.5, 2]);
  t.notOk(reader.next());
});

t.test('a line whose string has no end is no line', async (t) => {
  t.throws(() => new LineReader('lab,device=a s="x 1000000\n').skip(), /not a normalized line/);
});
