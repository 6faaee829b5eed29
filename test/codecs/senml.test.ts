import { encode, Tagged } from 'cborg';
import {
  array,
  assert,
  jsonValue,
  oneof,
  property,
  record,
  constantFrom,
  double,
  string,
  uint8Array,
} from 'fast-check';
import t, { type Test } from 'tap';
import { SenmlCodec } from '../../src/codecs/senml/codec.js';
import { usualNames } from '../../src/codecs/senml/names.js';
import type { Batch } from '../../src/domain/batch.js';
import { Rejected } from '../../src/domain/rejected.js';
import { Refusal } from '../../src/domain/refusal.js';

const nowMs = 1_700_000_000_000;
const clock = { now: () => nowMs };
const json = new SenmlCodec('json', clock, usualNames);
const cbor = new SenmlCodec('cbor', clock, usualNames);
const plain = { numbered: false };

const numbersOfLabels: Record<string, number> = {
  bver: -1,
  bn: -2,
  bt: -3,
  bu: -4,
  bv: -5,
  bs: -6,
  n: 0,
  u: 1,
  v: 2,
  vs: 3,
  vb: 4,
  s: 5,
  t: 6,
  ut: 7,
  vd: 8,
};

type Sent = Record<string, unknown>;

function inCbor(pack: readonly Sent[]): Buffer {
  return Buffer.from(
    encode(
      pack.map((one) => new Map(Object.entries(one).map(([label, value]) => [numbersOfLabels[label] ?? label, value]))),
    ),
  );
}

/** What both forms make of a pack, which has to be the same. */
function decode(t: Test, pack: readonly Sent[], options: object = plain): Batch | Refusal {
  const batch = json.decode(Buffer.from(JSON.stringify(pack)), { ...plain, ...options }, 100);
  t.same(shown(cbor.decode(inCbor(pack), { ...plain, ...options }, 100)), shown(batch), 'CBOR is as JSON');
  return batch;
}

function shown(batch: Batch | Refusal): unknown {
  if (batch instanceof Refusal) return [batch.code, batch.seq];
  return batch.readings.map((reading, index) => [readable(reading), batch.records![index]]);
}

function readable(reading: unknown): unknown {
  if (reading instanceof Rejected) return [reading.code, reading.path];
  const { ts, ...rest } = reading as { ts?: { ms: number; ns: number } };
  return ts ? { ...rest, ts: [ts.ms, ts.ns] } : rest;
}

function readingsOf(t: Test, pack: readonly Sent[]): unknown[] {
  const batch = decode(t, pack);
  if (batch instanceof Refusal) throw batch;
  return batch.readings.map(readable);
}

await t.test('records of one device and time are one reading; base fields hold until they are said anew', async (t) => {
  const batch = decode(t, [
    { bn: 'urn:dev:ow:10e2073a01080063:', bt: 1.7e9, bu: 'A', bver: 5, n: 'voltage', u: 'V', v: 120.1 },
    { n: 'current', t: -5, v: 1.2 },
    { n: 'current', t: -4, v: 1.3 },
    { n: 'power', t: -4, u: 'W', v: 156 },
    { bn: 'urn:dev:ow:7/', n: 'open', vb: true },
    { n: 'state', vs: 'ok' },
    { n: 'image', vd: 'aGk_-w' },
  ]) as Batch;
  const device = 'urn:dev:ow:10e2073a01080063';
  t.same(batch.readings.map(readable), [
    { device, fields: { voltage: 120.1 }, ts: [1_700_000_000_000, 0] },
    { device, fields: { current: 1.2 }, ts: [1_699_999_995_000, 0] },
    { device, fields: { current: 1.3, power: 156 }, ts: [1_699_999_996_000, 0] },
    { device: 'urn:dev:ow:7', fields: { open: true, state: 'ok', image: 'aGk_-w' }, ts: [1_700_000_000_000, 0] },
  ]);
  t.same(
    batch.records!.map((parts) => parts.map(({ index }) => index)),
    [[0], [1], [2, 3], [4, 5, 6]],
  );
  t.same(
    [...batch.units!],
    [
      ['voltage', 'V'],
      ['current', 'A'],
      ['power', 'W'],
      ['open', 'A'],
      ['state', 'A'],
      ['image', 'A'],
    ],
  );
});

await t.test('one of base name and name alone is the device, and the field is "value"', async (t) => {
  t.match(readingsOf(t, [{ n: 'urn:dev:ow:1', v: 1 }]), [{ device: 'urn:dev:ow:1', fields: { value: 1 } }]);
  t.match(
    readingsOf(t, [
      { bn: 'boiler-7:', v: 1 },
      { n: '', t: 1, v: 2 },
    ]),
    [
      { device: 'boiler-7', fields: { value: 1 } },
      { device: 'boiler-7', fields: { value: 2 } },
    ],
  );
  t.match(readingsOf(t, [{ v: 1 }]), [['device_invalid', '/n']]);
  t.match(readingsOf(t, [{ bn: ':', v: 1 }]), [['device_invalid', '/n']]);
});

await t.test('characters that a name may not have become an underscore', async (t) => {
  t.match(
    readingsOf(t, [
      { bn: '/3303/0/', n: '5700', v: 1 },
      { n: 'a/b c', v: 2 },
      { n: 'time', v: 3 },
      { n: '__proto__', v: 4 },
    ]),
    [{ device: 'd_3303_0', fields: { _5700: 1, a_b_c: 2, time_: 3, __proto___: 4 } }],
  );
});

await t.test('a second value of a field is named by its unit', async (t) => {
  const place = [
    { bn: 'truck:', bt: 1.7e9, n: 'place', u: 'lat', v: 60.2 },
    { n: 'place', u: 'lon', v: 24.8 },
    { n: 'place', u: 'm', v: 12 },
  ];
  t.match(readingsOf(t, place), [{ fields: { place: 60.2, 'place.lon': 24.8, 'place.m': 12 } }]);
  t.match(
    readingsOf(t, [
      { n: 'd', v: 1 },
      { n: 'd', v: 2 },
    ]),
    [{ fields: { value: 2 } }],
    'without a unit the last one wins',
  );
  t.match(
    readingsOf(t, [
      { bn: 'd:', n: 'h', u: '%RH', v: 1 },
      { n: 'h', u: '%RH', v: 2 },
    ]),
    [{ fields: { h: 1, 'h._RH': 2 } }],
  );
});

await t.test('base value and base sum are added, and stand for themselves where a record has none', async (t) => {
  t.match(readingsOf(t, [{ bn: 'd:', bv: 20, n: 'a', v: 1.5 }, { n: 'b' }, { n: 'c', vs: 'x' }]), [
    { fields: { a: 21.5, b: 20, c: 'x' } },
  ]);
  t.match(
    readingsOf(t, [
      { bn: 'd:', bs: 100, n: 'a', s: 7 },
      { n: 'b', v: 1 },
    ]),
    [{ fields: { 'a.sum': 107, b: 1, 'b.sum': 100 } }],
  );
  t.match(readingsOf(t, [{ bn: 'd:', n: 'a', s: 7 }]), [{ fields: { 'a.sum': 7 } }]);
});

await t.test('times: fractions to the nanosecond, relative ones from now, none is the arrival', async (t) => {
  const timesOf = (pack: Sent[]) => readingsOf(t, pack).map((reading) => (reading as { ts?: unknown }).ts);
  t.same(timesOf([{ bn: 'd:', bt: 1_700_000_000, n: 'a', t: 0.123456789, v: 1 }]), [[1_700_000_000_123, 456_789]]);
  t.same(timesOf([{ bn: 'd:', n: 'a', t: 1_700_000_000.123456, v: 1 }]), [[1_700_000_000_123, 456_000]]);
  t.same(timesOf([{ bn: 'd:', bt: 1_700_000_000.1, n: 'a', t: -0.2, v: 1 }]), [[1_699_999_999_900, 0]]);
  t.same(timesOf([{ bn: 'd:', bt: 1_700_000_000, n: 'a', t: 1e-7, v: 1 }]), [[1_700_000_000_000, 100]]);
  t.same(
    timesOf([
      { bn: 'd:', n: 'a', v: 1 },
      { n: 'b', t: 0, v: 1 },
    ]),
    [undefined],
  );
  const relative = json.decode(
    Buffer.from(
      JSON.stringify([
        { bn: 'd:', n: 'a', t: -60, v: 1 },
        { n: 'b', t: -60, v: 1 },
      ]),
    ),
    plain,
    9,
  ) as Batch;
  t.match(relative.readings, [{ ts: { ms: nowMs - 60_000 }, fields: { a: 1, b: 1 } }]);
  t.same(timesOf([{ bn: 'd:', n: 'a', t: 2 ** 28, v: 1 }]), [[2 ** 28 * 1000, 0]]);
});

await t.test('a record that is wrong is rejected alone', async (t) => {
  const records: [sent: Sent, code: string, path: string][] = [
    [{ n: 'a' }, 'no_fields', ''],
    [{ n: 'a', v: 'x' }, 'field_type', '/v'],
    [{ n: 'a', vs: 1 }, 'field_type', '/vs'],
    [{ n: 'a', vb: 1 }, 'field_type', '/vb'],
    [{ n: 'a', vd: 'a b' }, 'field_type', '/vd'],
    [{ n: 'a', s: true }, 'field_type', '/s'],
    [{ n: 'a', v: null }, 'field_type', '/v'],
    [{ n: 'a', v: 1, vs: 'x' }, 'fields_invalid', ''],
    [{ n: 1, v: 1 }, 'fields_invalid', '/n'],
    [{ n: 'a', u: 1, v: 1 }, 'fields_invalid', '/u'],
    [{ n: 'a', v: 1, t: 'now' }, 'ts_invalid', '/t'],
  ];
  for (const [sent, code, path] of records) {
    t.same(readingsOf(t, [{ bn: 'd:', bt: 1.7e9 }, sent, { n: 'b', v: 1 }]), [
      [code, path],
      { device: 'd', fields: { b: 1 }, ts: [1_700_000_000_000, 0] },
    ]);
  }
  t.match(readingsOf(t, [7 as unknown as Sent, { n: 'b', v: 1 }].slice(1)), [{ device: 'b' }]);
  t.match(json.decode(Buffer.from('[7,{"n":"b","v":1}]'), plain, 9), {
    readings: [{ code: 'malformed' }, { device: 'b' }],
  });
});

await t.test('a pack that cannot be understood is refused whole', async (t) => {
  const refused = (pack: Sent[]) => (decode(t, pack) as Refusal).code;
  t.equal(
    refused([
      { n: 'a', v: 1 },
      { n: 'a', v: 1, must_: 1 },
    ]),
    'malformed',
  );
  t.equal(refused([{ bver: 11, n: 'a', v: 1 }]), 'malformed');
  t.equal(refused([{ bver: 'x', n: 'a', v: 1 }]), 'malformed');
  for (const base of [{ bn: 1 }, { bt: 'x' }, { bu: 1 }, { bv: 'x' }, { bs: null }])
    t.equal(refused([{ ...base, n: 'a', v: 1 }]), 'malformed');
  t.equal(refused([]), 'empty_batch');
  t.equal(refused([{ bn: 'd:', bt: 1 }]), 'empty_batch');
  t.equal(refused(Array.from({ length: 101 }, () => ({ n: 'a', v: 1 }))), 'too_many_readings');
  t.match(json.decode(Buffer.from('{"n":"a","v":1}'), plain, 9), { code: 'malformed' });
  t.match(json.decode(Buffer.from('['), plain, 9), { code: 'malformed' });
  t.match(cbor.decode(Buffer.from([0x82, 0xa0]), plain, 9), { code: 'malformed' });
  t.match(cbor.decode(Buffer.alloc(100_000, 0x81), plain, 9), { code: 'malformed' }, 'nested deep');
  t.match(
    cbor.decode(Buffer.from([0x9b, 0, 0, 0, 1, 0, 0, 0, 0]), plain, 9),
    { code: 'malformed' },
    'a length that is not there',
  );
  t.ok('readings' in (decode(t, [{ n: 'a', v: 1, may: 1 }]) as object), 'a label that may be ignored');
});

await t.test('the first record of a frame may have its number', async (t) => {
  t.match(decode(t, [{ seq: 7, n: 'a', v: 1 }], { numbered: true }), { seq: 7 });
  t.match(decode(t, [{ seq: 7, n: 'a', v: 1 }]), { seq: undefined });
  t.match(decode(t, [{ seq: 7, bver: 11 }], { numbered: true }), { code: 'malformed', seq: 7 });
  t.match(decode(t, [{ seq: 'x', n: 'a', v: 1 }], { numbered: true }), { code: 'malformed' });
});

await t.test('what only CBOR can say', async (t) => {
  const decoded = (records: unknown) =>
    (cbor.decode(Buffer.from(encode(records)), plain, 9) as Batch).readings.map(readable);
  t.match(
    decoded([
      new Map<unknown, unknown>([
        [0, 'd'],
        [8, Buffer.from('hi?>')],
      ]),
    ]),
    [{ fields: { value: 'aGk_Pg' } }],
  );
  t.match(
    decoded([
      new Map<unknown, unknown>([
        [0, 'd'],
        [2, new Tagged(4, [-2, 27315])],
      ]),
    ]),
    [{ fields: { value: 273.15 } }],
  );
  t.match(
    decoded([
      new Map<unknown, unknown>([
        [0, 'd'],
        [2, 2n ** 60n],
      ]),
    ]),
    [{ fields: { value: 2 ** 60 } }],
  );
  t.match(
    decoded([
      new Map<unknown, unknown>([
        [0, 'd'],
        [2, NaN],
      ]),
    ]),
    [['field_type', '/v']],
  );
});

await t.test('text in CBOR is what was sent, to the character, or the pack is refused', async (t) => {
  const packOf = (text: string) => [{ n: 'd', t: 1_700_000_000, vs: text }];
  for (const text of ['\ufeffmarked', '\ufeff', 'Zürich', '\ufffd', `${'x'.repeat(70_000)}é`]) {
    t.match(readingsOf(t, packOf(text)), [{ fields: { value: text } }], JSON.stringify(text.slice(0, 10)));
  }
  assert(
    property(string({ unit: 'binary', maxLength: 300 }), string({ unit: 'binary' }), (text, label) => {
      const pack = [{ n: 'd', t: 1_700_000_000, vs: text.toWellFormed(), [`${label.toWellFormed()}.`]: 1 }];
      t.same(
        shown(cbor.decode(inCbor(pack), plain, 9)),
        shown(json.decode(Buffer.from(JSON.stringify(pack)), plain, 9)),
      );
    }),
    { numRuns: 500 },
  );
  // The bytes of a text, with those of one character replaced by what is none.
  for (const wrong of [[0xff], [0xc3], [0x80], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
    for (const length of [1, 23, 24, 255, 256, 70_000]) {
      for (const label of ['vs', 'bn', 'ignored']) {
        const mark = '~'.repeat(wrong.length);
        const text = mark + 'x'.repeat(Math.max(0, length - mark.length));
        const bytes = inCbor([{ n: 'd', v: 1, [label]: text }]);
        bytes.set(wrong, bytes.indexOf(mark));
        const refusal = cbor.decode(bytes, plain, 9);
        t.match(
          refusal,
          { code: 'malformed', message: /the text at byte \d+ is not valid UTF-8/ },
          `${label}, ${wrong.join(' ')}`,
        );
      }
    }
  }
});

await t.test('whatever the bytes are, they are a batch with readings or refused', async () => {
  const value = oneof(double(), constantFrom(1, -1, 2 ** 28, 1e308), string({ maxLength: 4 }), jsonValue());
  const labels = [
    'bn',
    'bt',
    'bu',
    'bv',
    'bs',
    'bver',
    'n',
    'u',
    'v',
    'vs',
    'vb',
    'vd',
    's',
    't',
    'ut',
    'x',
    'x_',
    'seq',
  ];
  const one = record(
    Object.fromEntries(
      labels.map((label) => [label, label === 'n' || label === 'bn' ? oneof(string(), value) : value]),
    ),
    { requiredKeys: [] },
  );
  const check = (batch: Batch | Refusal) => {
    if (batch instanceof Refusal) return;
    if (batch.readings.length === 0 || batch.records!.length !== batch.readings.length)
      throw new Error('empty, or records are missing');
  };
  assert(
    property(array(one, { maxLength: 5 }), (pack) => {
      check(json.decode(Buffer.from(JSON.stringify(pack)), { numbered: true }, 100));
      check(cbor.decode(inCbor(pack), { numbered: true }, 100));
    }),
    { numRuns: 2000 },
  );
  assert(
    property(uint8Array({ maxLength: 60 }), (bytes) => check(cbor.decode(Buffer.from(bytes), plain, 100))),
    { numRuns: 5000 },
  );
  assert(
    property(jsonValue(), (any) => check(json.decode(Buffer.from(JSON.stringify(any)), plain, 100))),
    { numRuns: 1000 },
  );
});
