import { double, integer, oneof, record, sample } from 'fast-check';
import t from 'tap';
import { LineReader, encodePrefix } from '../../src/domain/line.js';
import { LineWriter } from '../../src/domain/line-writer.js';
import { lineOf, readings, type Written } from './written.js';

function write(writer: LineWriter, { tag, fields, ms, ns }: Written): void {
  const prefix = encodePrefix('lab', 'd1', { tag });
  writer.begin(prefix, Buffer.byteLength(prefix) === prefix.length);
  for (const [index, [kind, value]] of fields.entries()) writer.field(`f${index}`, value, kind);
  writer.end(ms, ns);
}

t.test('what is written is the canonical form, whatever it is and wherever a larger buffer is needed', async (t) => {
  for (const batch of sample(readings, 5000)) {
    const writer = new LineWriter(Buffer.alloc(batch.length * 16));
    for (const reading of batch) write(writer, reading);
    const expected = batch.map((reading) => `${lineOf(reading)}\n`).join('');
    if (writer.bytes.toString() !== expected) t.equal(writer.bytes.toString(), expected);
    t.equal(writer.count, batch.length);
  }
});

t.test('numbers are written as JavaScript prints them', async (t) => {
  const decimal = record({ digits: integer({ min: -(10 ** 9), max: 10 ** 9 }), places: integer({ min: 0, max: 9 }) });
  const others = oneof(
    double({ noNaN: true, noDefaultInfinity: true }),
    decimal.map(({ digits, places }) => digits / 10 ** places),
  );
  const edges = [
    0,
    -0,
    1e14,
    1e11,
    99_999_999_999.999,
    100_000_000_000.001,
    1e21,
    5e-324,
    0.001,
    0.0005,
    1.0005,
    2 ** 53,
  ];
  const writer = new LineWriter();
  for (const value of [...edges, ...edges.map((edge) => -edge), ...sample(others, 50_000)]) {
    const before = writer.size;
    writer.begin('p', true);
    writer.field('f', value, 'float');
    writer.end(1_700_000_000_000, 2);
    const line = writer.bytes.toString('latin1', before);
    if (line !== `p f=${value} 1700000000000000002\n`) t.equal(line, `p f=${value} 1700000000000000002\n`);
  }
  t.pass();
});

t.test('a line that is not ended is not there', async (t) => {
  const writer = new LineWriter();
  const reading: Written = { tag: 'a', fields: [['float', 1]], ms: 1_700_000_000_000, ns: 0 };
  write(writer, reading);
  writer.begin('lab,device=d2', true);
  writer.field('f', 'given up', 'string');
  t.equal(writer.bytes.toString(), `${lineOf(reading)}\n`);
  write(writer, reading);
  t.equal(writer.bytes.toString(), `${lineOf(reading)}\n`.repeat(2));
  t.equal(writer.count, 2);
});

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
