import {
  array,
  assert,
  asyncProperty,
  boolean,
  constant,
  constantFrom,
  dictionary,
  double,
  integer,
  jsonValue,
  nat,
  oneof,
  record,
  string,
  tuple,
  uint8Array,
} from 'fast-check';
import type { Test } from 'tap';
import { schemaRegistry } from '../../schemas/load.js';
import type { OpenedIngress, Outcome } from './subject.js';

const isReceipt = schemaRegistry()('https://inlet.example/schemas/receipt.schema.json');
const runs = 300;
/** What a service may say to bytes from a stranger; that something went wrong on its side is not among it. */
const sensible = new Set(['malformed', 'empty_batch', 'too_many_readings', 'closed 1007']);

/** Keys that mean something somewhere. */
const key = oneof(
  constantFrom('device', 'type', 'ts', 'tags', 'fields', 'precision', 'readings', 'id'),
  constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'a', ''),
  string({ maxLength: 5, unit: 'binary' }),
);
const scalar = oneof(
  string({ maxLength: 20, unit: 'binary' }),
  constantFrom('lab', 'telemetry', 'd1', '1700000000000', '2023-11-14T22:13:20Z', 's', 'ns', '\ud800'),
  double(),
  integer(),
  constantFrom(1_700_000_000_000, -0, 1e308, 2 ** 53),
  boolean(),
  constant(null),
);
const fields = dictionary(key, oneof({ arbitrary: scalar, weight: 9 }, { arbitrary: jsonValue(), weight: 1 }), {
  maxKeys: 5,
});
const reading = record(
  {
    device: oneof(constantFrom('d1', 'd2'), scalar),
    type: oneof(constantFrom('fuzz', 'lab'), scalar),
    ts: scalar,
    precision: scalar,
    tags: oneof(fields, scalar),
    fields: oneof(fields, record({ level: double({ min: 0, max: 100 }) }), scalar),
    odd: scalar,
  },
  { requiredKeys: ['device', 'fields'] },
);
const readings = array(oneof({ arbitrary: reading, weight: 9 }, { arbitrary: jsonValue(), weight: 1 }), {
  minLength: 1,
  maxLength: 6,
});

export async function fuzzContract(t: Test, { service, ingress }: OpenedIngress): Promise<void> {
  const send = async (bytes: Buffer) => {
    const outcome = await ingress.send(bytes);
    return holds(outcome) ? outcome : Promise.reject(new Error(JSON.stringify(outcome)));
  };

  await t.test('readings of any shape are accepted or rejected, each of them', async () => {
    await assert(
      asyncProperty(readings, async (batch) => {
        const outcome = await send(Buffer.from(JSON.stringify(batch)));
        if (!('receipt' in outcome)) throw new Error(`refused: ${outcome.refused}`);
        const { accepted, rejected, results = [] } = outcome.receipt;
        if (accepted + rejected !== batch.length || results.length !== rejected) throw new Error('they do not add up');
      }),
      { numRuns: runs },
    );
  });

  await t.test('JSON of any shape gets a receipt or is refused', async () => {
    const envelope = dictionary(key, oneof(scalar, readings, fields), { maxKeys: 6 });
    await assert(
      asyncProperty(oneof(jsonValue(), envelope), async (value) => {
        await send(Buffer.from(JSON.stringify(value)));
      }),
      { numRuns: runs },
    );
  });

  await t.test('bytes of any kind get a receipt or are refused', async () => {
    const cut = tuple(readings, nat(200), uint8Array({ maxLength: 4 })).map(([batch, at, noise]) => {
      const bytes = Buffer.from(JSON.stringify(batch));
      return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at + noise.length)]);
    });
    const any = uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
    await assert(
      asyncProperty(oneof(cut, any), async (bytes) => void (await send(bytes))),
      { numRuns: runs },
    );
  });

  await service.settled();
  const { received, accepted, rejected, stored, quarantined, pending } = await service.stats();
  t.equal(received, accepted + rejected);
  t.equal(accepted, stored + quarantined + pending);
  t.equal(quarantined, 0, 'the store takes whatever the door took');
}

function holds(outcome: Outcome): boolean {
  return 'receipt' in outcome ? isReceipt(outcome.receipt) : sensible.has(outcome.refused);
}
