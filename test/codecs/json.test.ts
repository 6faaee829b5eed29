import { assert, jsonValue, oneof, property, record, string, uint8Array } from 'fast-check';
import t from 'tap';
import { decodeJson } from '../../src/codecs/json.js';
import { Refusal } from '../../src/domain/refusal.js';

const plain = { precision: 'ms', numbered: false } as const;
const numbered = { precision: 'ms', numbered: true } as const;
const decode = (value: unknown, options: typeof plain | typeof numbered = plain) =>
  decodeJson(Buffer.from(JSON.stringify(value)), options, 10_000);

await t.test('seq is taken off a frame, and belongs to no other batch', (t) => {
  const reading = { device: 'd1', fields: { a: 1 } };
  t.match(decode({ seq: 7, ...reading }, numbered), { seq: 7, readings: [reading] });
  t.match(decode({ seq: 7, readings: [reading] }, numbered), { seq: 7, readings: [reading] });
  t.match(decode({ seq: 7, readings: [] }, numbered), { code: 'empty_batch', seq: 7 }, 'also off a refused one');
  t.match(decode({ seq: 7, odd: 1, readings: [reading] }, numbered), { code: 'malformed', seq: 7 });
  t.match(decode({ seq: 7, readings: [reading] }), { code: 'malformed' }, 'an unknown key of an envelope');
  t.match(decode({ seq: 7, ...reading }), { readings: [{ seq: 7 }] }, 'one of the reading, which is looked at later');
  t.match(decode([{ seq: 7, ...reading }], numbered), { seq: undefined, readings: [{ seq: 7 }] });
  t.end();
});

await t.test('whatever the bytes are, they are a batch with readings or refused', (t) => {
  const any = oneof(
    uint8Array().map((bytes) => Buffer.from(bytes)),
    jsonValue().map(bytesOf),
    record({ readings: jsonValue(), id: string(), seq: jsonValue() }, { requiredKeys: [] }).map(bytesOf),
  );
  assert(
    property(any, (bytes) => {
      for (const options of [plain, numbered]) {
        const batch = decodeJson(bytes, options, 10_000);
        if (!(batch instanceof Refusal) && batch.readings.length === 0) throw new Error('empty');
      }
    }),
    { numRuns: 2000 },
  );
  t.end();
});

function bytesOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
