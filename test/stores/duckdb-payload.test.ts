import { sample } from 'fast-check';
import t from 'tap';
import { LineReader } from '../../src/domain/line.js';
import { PayloadLines } from '../../src/stores/duckdb/payload-lines.js';
import { lineOf, readings } from '../domain/written.js';

interface Lines {
  next(): boolean;
  readonly lines: LineReader;
}

function readAll(source: Lines): unknown[] {
  const all: unknown[] = [];
  while (source.next()) {
    const { prefix, keys, values, kinds, fieldCount, ms, ns } = source.lines;
    all.push([prefix, keys.slice(0, fieldCount), values.slice(0, fieldCount), kinds.slice(0, fieldCount), ms, ns]);
  }
  return all;
}

function wholeText(payload: string): Lines {
  const lines = new LineReader(payload);
  return { lines, next: () => lines.next() };
}

t.test('in pieces of whatever size, a payload has the lines that it has as one text', async (t) => {
  for (const batch of sample(readings, 500)) {
    const payload = batch.map((reading) => `${lineOf(reading)}\n`).join('');
    const expected = readAll(wholeText(payload));
    for (const pieceBytes of [1, 10, 50, 100, 1000]) {
      const found = readAll(new PayloadLines(Buffer.from(payload), pieceBytes));
      if (JSON.stringify(found, printable) !== JSON.stringify(expected, printable)) {
        t.same(found, expected, `in pieces of ${pieceBytes} bytes`, { payload });
      }
    }
  }
  t.pass();
});

t.test('a string that looks like lines is one string, wherever the piece ends', async (t) => {
  const inside = 'x\nlab,device=b v=1 1700000000000000000\n\n'.repeat(20);
  const payload = `lab,device=a s="${inside}",v=2 1700000000000000001\nlab,device=ü s="${inside}" 1700000000000000002\n`;
  const expected = readAll(wholeText(payload));
  t.equal(expected.length, 2);
  for (let pieceBytes = 1; pieceBytes < payload.length; pieceBytes++) {
    t.same(readAll(new PayloadLines(Buffer.from(payload), pieceBytes)), expected);
  }
});

t.test('what is no line is an error in pieces too', async (t) => {
  const line = 'lab,device=a v=1 1700000000000000000\n';
  for (const wrong of ['lab,device=a v=1 17x0000000000000000\n', 'lab,device=a s="x 1700000000000000000\n']) {
    for (const payload of [wrong, line.repeat(9) + wrong, wrong + line.repeat(9)]) {
      t.throws(() => readAll(new PayloadLines(Buffer.from(payload), 100)), /not a normalized line/, { payload });
    }
  }
});

function printable(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) ? '-0' : value;
}
