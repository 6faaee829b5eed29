import { array, assert, bigInt, boolean, constantFrom, double, oneof, property, string, tuple } from 'fast-check';
import { deepStrictEqual } from 'node:assert';
import t from 'tap';
import { LineProtocolCodec } from '../../src/codecs/line-protocol/codec.js';
import type { Batch } from '../../src/domain/batch.js';
import { Rejected } from '../../src/domain/rejected.js';
import type { Precision } from '../../src/domain/reading.js';
import { Refusal } from '../../src/domain/refusal.js';
import { plainPoints, type PlainPoint } from './plain-line-parser.js';

const deviceTags = ['host', 'device'];
const codec = new LineProtocolCodec(deviceTags);

function decode(text: string, options: { precision?: Precision; timeFactor?: number } = {}): Batch {
  const batch = codec.decode(Buffer.from(text), { numbered: false, ...options }, 10_000);
  if (batch instanceof Refusal) throw batch;
  return batch;
}

function readings(text: string, options: { precision?: Precision; timeFactor?: number } = {}): unknown[] {
  return decode(text, options).readings.map((reading) => {
    if (reading instanceof Rejected) return reading.message;
    const { ts, ...rest } = reading as { ts: { ms: number; ns: number } | undefined };
    return ts ? { ...rest, ts: [ts.ms, ts.ns] } : rest;
  });
}

await t.test('measurement, tags, fields and time are type, tags, fields and ts; the host is the device', (t) => {
  const line = 'cpu,host=gw-1,cpu=cpu0 usage=1.5,procs=7i,up=t,state="ok" 1700000000123456789';
  t.same(readings(line), [
    {
      device: 'gw-1',
      type: 'cpu',
      tags: { host: 'gw-1', cpu: 'cpu0' },
      fields: { usage: 1.5, procs: 7n, up: true, state: 'ok' },
      ts: [1_700_000_000_123, 456_789],
    },
  ]);
  t.end();
});

await t.test(
  'the first of the tags that a line has names its device; only one called device is none beside it',
  (t) => {
    t.match(readings('disk,device=sda1,host=gw-1 used=1'), [
      { device: 'gw-1', tags: { device_: 'sda1', host: 'gw-1' } },
    ]);
    t.same(readings('m,device=boiler-7,site=lyon a=1'), [
      { device: 'boiler-7', type: 'm', tags: { site: 'lyon' }, fields: { a: 1 } },
    ]);
    t.match(readings('m,site=lyon a=1'), [{ device: undefined, tags: { site: 'lyon' } }]);
    const other = new LineProtocolCodec(['sensor']);
    const batch = other.decode(Buffer.from('m,host=a,sensor=s1 v=1'), { numbered: false }, 10) as Batch;
    t.match(batch.readings, [{ device: 's1', tags: { host: 'a', sensor: 's1' } }]);
    t.end();
  },
);

await t.test('names that a reading may not have get other characters, and keys that are taken an underscore', (t) => {
  t.match(readings('win\\ cpu\\,1,host=a v=1'), [{ type: 'win_cpu_1' }]);
  t.match(readings('1st,host=a v=1'), [{ type: 'm1st' }]);
  t.match(readings('_internal,host=a v=1'), [{ type: 'm_internal' }]);
  t.match(readings('m,host=a,a\\ b=1,a_b=2 1st=1,a\\=ü😀=2'), [
    { tags: { a_b: '1', a_b_: '2' }, fields: { _1st: 1, a___: 2 } },
  ]);
  t.match(readings('m,host=a,type=x time=1,ts=2,__proto__=3,constructor=4,host=5,v=6,v=7'), [
    {
      tags: { type_: 'x' },
      fields: { time_: 1, ts_: 2, __proto___: 3, constructor_: 4, host_: 5, v: 6, v_: 7 },
    },
  ]);
  t.equal(
    Object.getPrototypeOf((decode('m,host=a __proto__=1').readings[0] as { fields: object }).fields),
    Object.prototype,
  );
  t.end();
});

await t.test('values of every kind', (t) => {
  const cases: [text: string, value: unknown][] = [
    ['1', 1],
    ['-0.25', -0.25],
    ['+5', 5],
    ['1.', 1],
    ['.5', 0.5],
    ['-1.2e-10', -1.2e-10],
    ['1E5', 1e5],
    ['1e999', Infinity],
    ['0.1', 0.1],
    ['12345.1234567890123', Number('12345.1234567890123')],
    ['100000000000000000000000000000000000000', 1e38],
    ['5i', 5n],
    ['-5i', -5n],
    ['9223372036854775807i', 2n ** 63n - 1n],
    ['5u', 5n],
    ['18446744073709551615u', 2n ** 64n - 1n],
    ...['t', 'T', 'true', 'True', 'TRUE'].map((text): [string, unknown] => [text, true]),
    ...['f', 'F', 'false', 'False', 'FALSE'].map((text): [string, unknown] => [text, false]),
    ['""', ''],
    ['"a, b=c d"', 'a, b=c d'],
    ['"say \\"hi\\" \\\\ \\n"', 'say "hi" \\ \\n'],
    ['"two\nlines, and a long one"', 'two\nlines, and a long one'],
    ['"ü😀"', 'ü😀'],
  ];
  for (const [text, value] of cases)
    t.same(
      readings(`m v=${text} 1`),
      [{ device: undefined, type: 'm', tags: {}, fields: { v: value }, ts: [0, 1] }],
      text,
    );
  t.end();
});

await t.test('times in every unit, also before 1970', (t) => {
  const of = (time: string, options: object) => (readings(`m v=1 ${time}`, options)[0] as { ts: unknown }).ts;
  t.same(of('1700000000', { precision: 's' }), [1_700_000_000_000, 0]);
  t.same(of('1700000000123', { precision: 'ms' }), [1_700_000_000_123, 0]);
  t.same(of('1700000000123456', { precision: 'us' }), [1_700_000_000_123, 456_000]);
  t.same(of('28333333', { precision: 's', timeFactor: 60 }), [1_699_999_980_000, 0]);
  t.same(of('472222', { precision: 's', timeFactor: 3600 }), [1_699_999_200_000, 0]);
  t.same(of('12', { precision: 'us' }), [0, 12_000]);
  t.same(of('-1', {}), [-1, 999_999]);
  t.same(of('-1000000', {}), [-1, 0]);
  t.same(of('-1500', { precision: 'us' }), [-2, 500_000]);
  t.end();
});

await t.test('what is wrong with a line is said with its line and column, and the others are read', (t) => {
  const text = '# a comment\r\n\r\nm,host=a v=1 1\r\nm,host=a v=yes 2\n  m,host=a s="x\ny",t=12z 3\nm,host=b v=2 4';
  t.match(readings(text), [
    { fields: { v: 1 } },
    'line 4, column 12: this is no value that a field can have',
    'line 6, column 6: this is no value that a field can have',
    { device: 'b', fields: { v: 2 } },
  ]);
  t.same(decode(text).lines, [3, 4, 5, 7]);
  const complaints: [line: string, message: string][] = [
    ['mm', 'line 1, column 3: there are no fields'],
    ['m \r\n', 'line 1, column 3: there are no fields'],
    [',a=b v=1', 'line 1, column 1: the measurement is missing'],
    ['m, v=1', 'line 1, column 3: the key of a tag is missing'],
    ['m,a v=1', 'line 1, column 3: a tag has no "="'],
    ['m,a= v=1', 'line 1, column 5: the value of a tag is missing'],
    ['m,a=b=c v=1', 'line 1, column 6: the "=" in the value of a tag has no backslash before it'],
    ['m v', 'line 1, column 3: a field has no "="'],
    ['m v=', 'line 1, column 5: the value of a field is missing'],
    ['m v=1,', 'line 1, column 7: the key of a field is missing'],
    ['m v=1, w=2', 'line 1, column 7: the key of a field is missing'],
    ['m v="a', 'line 1, column 5: a string has no end'],
    ['m 😀="a"b', 'line 1, column 8: this is neither a comma, nor a space, nor the end of the line'],
    ['m v=NaN', 'line 1, column 5: this is no value that a field can have'],
    ['m v=-5u', 'line 1, column 5: this is no value that a field can have'],
    [`m v=${'1'.repeat(21)}i`, 'line 1, column 5: an integer has at most 64 bits'],
    ['m v=1 1.5', 'line 1, column 7: the time is not an integer'],
    ['m v=1 1 2', 'line 1, column 9: nothing may follow the time'],
  ];
  for (const [line, message] of complaints) t.same(readings(line), [message], line);
  t.end();
});

await t.test('a string without an end costs its line only', (t) => {
  t.match(readings('m v="a\nm v=1\nm v=2'), [
    'line 1, column 5: a string has no end',
    { fields: { v: 1 } },
    { fields: { v: 2 } },
  ]);
  t.end();
});

await t.test('what is no batch is refused', (t) => {
  const refusal = (bytes: Buffer) => codec.decode(bytes, { numbered: false }, 2);
  t.match(refusal(Buffer.from('')), { code: 'empty_batch' });
  t.match(refusal(Buffer.from('\n# nothing\n')), { code: 'empty_batch' });
  t.match(refusal(Buffer.from([0x6d, 0xff])), { code: 'malformed' });
  t.match(refusal(Buffer.from('m v=1\nm v=2\nm v=3')), { code: 'too_many_readings' });
  t.end();
});

const name = oneof(
  { arbitrary: constantFrom('host', 'device', 'a', 'b', 'a\\ b', 'c1'), weight: 4 },
  constantFrom(
    'host',
    'device',
    'a',
    'b',
    'a\\ b',
    'a\\,b',
    'a\\=b',
    'a\\',
    '\\',
    '1',
    'type',
    '__proto__',
    'toString',
    'ü',
  ),
  string({ maxLength: 4 }),
);
const number = oneof(
  double({ noNaN: true, noDefaultInfinity: true }).map(String),
  bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map((value) => `${value}i`),
  bigInt({ min: 0n, max: 10n ** 21n }).map((value) => `${value}u`),
  constantFrom('1', '1.', '.5', '+2', '-0', '1e3', '1.5E-3', '.', '-', '1e', '0x1', '1i5', 'NaN'),
);
const quoted = string({
  unit: constantFrom('a', '"', '\\', '\\"', '\\\\', '\n', ' ', ',', '=', '#', 'ü'),
  maxLength: 8,
});
const value = oneof(
  { arbitrary: constantFrom('1', '2i', 'true', '"x"', '"a\nb"'), weight: 8 },
  number,
  boolean().map(String),
  constantFrom('t', 'F', 'True', 'tru', ''),
  quoted.map((text) => `"${text}"`),
);
const glue = (usual: string) =>
  oneof(
    { arbitrary: constantFrom(usual), weight: 60 },
    { arbitrary: constantFrom('', ' ', ',', '=', '\n', '\\'), weight: 1 },
  );
const pair = (of: typeof name, to: typeof value) => tuple(of, glue('='), to).map((parts) => parts.join(''));
const list = (one: ReturnType<typeof pair>, most: number) =>
  array(
    tuple(glue(','), one).map((parts) => parts.join('')),
    { maxLength: most },
  ).map((parts) => parts.join(''));
const line = tuple(
  oneof(constantFrom('m', 'm\\ n', 'm\\,n', '#m', '_x', '9'), name),
  list(pair(name, oneof(name, string({ maxLength: 3 }))), 3),
  glue(' '),
  list(pair(name, value), 3).map((text) => text.slice(1)),
  oneof(
    constantFrom('', ' 1700000000000000000', '  12 ', ' -5', ' x', ' 1 1', '\r'),
    bigInt({ min: -(10n ** 21n), max: 10n ** 21n }).map((time) => ` ${time}`),
  ),
  constantFrom('\n', '\r\n', '\n\n', '\n# comment "\n', '\n  '),
).map((parts) => parts.join(''));

await t.test('whatever the text, it is read as the slow and obvious parser reads it', (t) => {
  let good = 0;
  let bad = 0;
  assert(
    property(array(line, { minLength: 1, maxLength: 4 }), (lines) => {
      const text = Buffer.from(lines.join('')).toString();
      const expected = plainPoints(text).map((point) => (typeof point === 'number' ? point : plainReading(point)));
      const batch = codec.decode(Buffer.from(text), { numbered: false }, 10_000);
      const found =
        batch instanceof Refusal ? [] : batch.readings.map((reading, index) => shown(reading, batch.lines![index]!));
      deepStrictEqual(found, expected);
      const wrong = expected.filter((one) => typeof one === 'number').length;
      bad += wrong;
      good += expected.length - wrong;
    }),
    { numRuns: 20_000 },
  );
  t.ok(good > 5000 && bad > 5000, `${good} good lines and ${bad} bad ones`);
  t.end();
});

await t.test('bytes of any kind are a batch or refused, in time that grows with their number only', (t) => {
  const piece = constantFrom('m', ',', ' ', '=', '"', '\\', '\n', '="', 'a', 'm a="', ' "', '=1', 'i', '#');
  assert(
    property(array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
      const text = pieces.join('').repeat(20_000).slice(0, 200_000);
      const startMs = performance.now();
      codec.decode(Buffer.from(text), { numbered: false }, 1_000_000);
      // Quadratic would be minutes.
      if (performance.now() - startMs > 20_000) throw new Error('it took too long');
    }),
    { numRuns: 200 },
  );
  t.end();
});

await t.test('a field that stands in a line very often costs no more than as many others', (t) => {
  const fields = 20_000;
  const line = (name: (at: number) => string) =>
    Buffer.from(`m,host=a ${Array.from({ length: fields }, (_, at) => `${name(at)}=1`).join(',')}\n`);
  const tookMs = (bytes: Buffer) => {
    const startMs = performance.now();
    codec.decode(bytes, { numbered: false }, 10);
    return performance.now() - startMs;
  };
  const least = (bytes: Buffer) => Math.min(...Array.from({ length: 5 }, () => tookMs(bytes)));
  const others = least(line((at) => `f${at % 100}`));
  const same = least(line(() => 'aaa'));
  // Each of them was given a name of its own, longer by a character: fifty times as long.
  t.ok(same < 15 * others, `${same} ms against ${others} ms`);
  t.end();
});

/** What the rules for names make of a point. */
function plainReading({ line, measurement, tags: tagPairs, fields: fieldPairs, time }: PlainPoint): unknown {
  const plain = (text: string) => Array.from(text, (one) => (/[A-Za-z0-9_.-]/.test(one) ? one : '_')).join('');
  const reserved = ['time', 'ts', 'device', 'type', '__proto__', 'constructor', 'prototype'];
  const taken: string[] = [];
  const key = (text: string) => {
    let name = plain(text);
    if (!/^[A-Za-z_]/.test(name)) name = `_${name}`;
    while (reserved.includes(name) || taken.includes(name)) name += '_';
    taken.push(name);
    return name;
  };
  const namedBy = deviceTags.find((tag) => tagPairs.some(([key]) => key === tag));
  const device = tagPairs.find(([key]) => key === namedBy)?.[1];
  const tags = tagPairs
    .filter(([key, value]) => !(namedBy === 'device' && key === 'device' && value === device))
    .map(([text, value]) => [key(text), value]);
  const fields = fieldPairs.map(([text, value]) => [key(text), value]);
  const type = /^[A-Za-z]/.test(plain(measurement)) ? plain(measurement) : `m${plain(measurement)}`;
  return { line, device, type, tags, fields, time: time === undefined ? undefined : Number(time / 1_000_000n) };
}

function shown(reading: unknown, line: number): unknown {
  if (reading instanceof Rejected) return line;
  const { device, type, tags, fields, ts } = reading as {
    device: string | undefined;
    type: string;
    tags: Record<string, string>;
    fields: Record<string, unknown>;
    ts: { ms: number; ns: number } | undefined;
  };
  // As digits: a time that is out of all range is not exact.
  const time = ts && (ts.ms < 0 && ts.ns > 0 ? ts.ms + 1 : ts.ms);
  return { line, device, type, tags: Object.entries(tags), fields: Object.entries(fields), time };
}
