import { array, assert, jsonValue, oneof, property, string, uint8Array } from 'fast-check';
import t from 'tap';
import { Codecs } from '../../src/codecs/codecs.js';
import { ndjsonCodec } from '../../src/codecs/ndjson.js';
import type { Batch } from '../../src/domain/batch.js';
import { Rejected } from '../../src/domain/rejected.js';
import { Refusal } from '../../src/domain/refusal.js';

const decode = (bytes: Buffer | string, maxReadings = 1000) =>
  ndjsonCodec.decode(Buffer.from(bytes as string), { numbered: false }, maxReadings);

await t.test('a reading a line; blank lines are none, and the last needs no newline', (t) => {
  t.match(decode('{"a":1}\r\n\n \t\n{"a":2}\n{"a":3}'), { precision: 'ms', readings: [{ a: 1 }, { a: 2 }, { a: 3 }] });
  t.match(decode(''), { code: 'empty_batch' });
  t.match(decode('\n\r\n'), { code: 'empty_batch' });
  t.match(decode('1\n2\n3', 2), { code: 'too_many_readings' });
  t.end();
});

await t.test('the mark that some programs put before a text is passed over, in every format of text', (t) => {
  const codecs = new Codecs({ clock: { now: () => 0 }, lineDeviceTags: ['host'] });
  for (const [mediaType, text] of [
    ['application/json', '{"device":"d","fields":{"a":1}}'],
    ['application/x-ndjson', '{"device":"d","fields":{"a":1}}\n'],
    ['application/senml+json', '[{"bn":"d:","bt":1700000000,"n":"a","v":1}]'],
    ['text/plain', 'm,host=d a=1\n'],
  ] as const) {
    const [plain, marked] = [text, `\ufeff${text}`].map((one) =>
      codecs.decode(Buffer.from(one), { mediaType, numbered: false }, 10),
    );
    t.notOk(plain instanceof Refusal, mediaType);
    t.same(marked, plain, mediaType);
  }
  t.end();
});

await t.test('a line that is not JSON, or not UTF-8, is one reading that is rejected', (t) => {
  const wrong = { constructor: Rejected, code: 'malformed' };
  t.match(decode('{"a":1}\n{"a":\n2}\n{"a":3},{"a":4}\n{"a":5}'), {
    readings: [{ a: 1 }, wrong, wrong, wrong, { a: 5 }],
  });
  const bytes = Buffer.concat([Buffer.from('{"a":1}\n{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}\n{"a":3}')]);
  t.match(decode(bytes), { readings: [{ a: 1 }, { ...wrong, message: 'the line is not valid UTF-8' }, { a: 3 }] });
  t.end();
});

await t.test('lines are what JSON.parse makes of each, whatever stands in them', (t) => {
  const line = oneof(
    jsonValue().map((value) => JSON.stringify(value)),
    string().filter((text) => !/[\n\ud800-\udfff]/u.test(text)),
  );
  assert(
    property(array(line, { maxLength: 5 }), (lines) => {
      const expected = lines.filter((text) => !/^[ \t\r]*$/.test(text)).map(parsed);
      const batch = decode(lines.join('\n'));
      t.same(
        batch instanceof Refusal ? [] : batch.readings.map((one) => (one instanceof Rejected ? 'wrong' : [one])),
        expected,
      );
    }),
    { numRuns: 500 },
  );
  assert(
    property(uint8Array(), (bytes) => void (decode(Buffer.from(bytes)) as Batch)),
    { numRuns: 2000 },
  );
  t.end();
});

function parsed(text: string): unknown {
  try {
    return [JSON.parse(text)];
  } catch {
    return 'wrong';
  }
}
