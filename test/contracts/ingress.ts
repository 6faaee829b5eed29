/**
 * The contract of every way in, one suite for all protocols: the same bytes give the same receipt and the same stored
 * readings.
 *
 *     const outcomes = await ingressContract(t, 'HTTP', openHttp);
 *
 * What one protocol answered can be compared with what another did.
 */
import type { Test } from 'tap';
import { schemaRegistry } from '../schemas/load.js';
import { batchCases } from './ingress/batches.js';
import { arrivalContract } from './ingress/arrivals.js';
import { fuzzContract } from './ingress/fuzz.js';
import { identityCases } from './ingress/identities.js';
import {
  bytesOf,
  deviceOf,
  storedOf,
  typesOf,
  type Case,
  type OpenedIngress,
  type Outcome,
} from './ingress/subject.js';
import { timeCases } from './ingress/times.js';
import { valueCases } from './ingress/values.js';

const isReceipt = schemaRegistry()('https://inlet.example/schemas/receipt.schema.json');
const allCases = [...batchCases, ...identityCases, ...timeCases, ...valueCases];

/** A reading type that asks for more than the general form. */
export const labSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Lab',
  type: 'object',
  properties: {
    type: { const: 'lab' },
    tags: { type: 'object', required: ['site'] },
    fields: {
      type: 'object',
      required: ['level'],
      properties: {
        level: { type: 'number', minimum: 0, maximum: 100, unit: '%' },
        count: { type: 'integer' },
        on: { type: 'boolean' },
        mode: { type: 'string', enum: ['auto', 'manual'] },
      },
    },
  },
};

/** @returns what each case came to */
export async function ingressContract(
  t: Test,
  name: string,
  open: (t: Test) => Promise<OpenedIngress>,
): Promise<Outcome[]> {
  const opened = await open(t);
  const { namesDevice = false, isSilent = false } = opened.ingress;
  const cases = allCases.map((one) => asSeenBy(one, { namesDevice, isSilent }));
  t.teardown(() => opened.ingress.close());
  const outcomes: Outcome[] = [];
  for (const [number, one] of cases.entries()) {
    await t.test(`${name}: ${one.promise}`, async (t) => {
      outcomes.push(await holdCase(t, opened, one, number));
    });
  }
  await t.test(`${name}: what was accepted is stored, and nothing else`, (t) => holdStore(t, opened, cases));
  await t.test(`${name}: bytes that are no batch`, (t) => boundsContract(t, opened));
  await t.test(`${name}: readings without a time`, (t) => arrivalContract(t, opened));
  await t.test(`${name}: whatever is sent`, (t) => fuzzContract(t, opened));
  return outcomes;
}

async function holdCase(t: Test, { ingress }: OpenedIngress, one: Case, number: number): Promise<Outcome> {
  const outcome = await ingress.send(bytesOf(one.batch, number));
  if (one.refused !== undefined) {
    t.same(outcome, { refused: one.refused });
  } else {
    t.ok('receipt' in outcome && isReceipt(outcome.receipt), 'a receipt of the schema', { outcome });
    t.same(withoutMessages(outcome), receiptOf(one));
  }
  return outcome;
}

async function holdStore(t: Test, { service }: OpenedIngress, cases: readonly Case[]): Promise<void> {
  await service.settled();
  for (const [number, { promise, accepted = 0, stored }] of cases.entries()) {
    const found = await storedOf(service, { device: deviceOf(number), types: typesOf(number) });
    if (accepted === 0) t.same(found, [], promise);
    else if (stored) t.same(found, JSON.parse(bytesOf(stored, number).toString()), promise);
  }
}

/** What a protocol's own nature changes in what has to become of a case. */
function asSeenBy(one: Case, { namesDevice, isSilent }: { namesDevice: boolean; isSilent: boolean }): Case {
  const { id, results, ...silent } = one;
  if (namesDevice && one.deviceless) return { ...silent, accepted: 1 };
  return isSilent && id !== undefined && !results ? silent : one;
}

/** Answers as far as they are the same on every protocol: by the number of the case. */
export function comparable(outcomes: readonly Outcome[]): Outcome[] {
  return outcomes.map((outcome, number) => {
    const { deviceless = false } = allCases[number]!;
    if (deviceless || 'refused' in outcome) return deviceless ? { refused: 'not compared' } : outcome;
    const { id: _, ...receipt } = outcome.receipt;
    return { receipt };
  });
}

function receiptOf({ id, accepted = 0, results = [], rejected = results.length }: Case): object {
  return {
    ...(id === undefined ? {} : { id }),
    accepted,
    rejected,
    ...(rejected === 0 ? {} : { results: results.map(([index, code, path]) => ({ index, code, path })) }),
  };
}

/** Messages are for people; that there is one is enough. */
function withoutMessages(outcome: Outcome): unknown {
  if ('refused' in outcome) return outcome;
  const { results, ...counts } = outcome.receipt;
  if (!results) return counts;
  return {
    ...counts,
    results: results.map(({ index, code, path, message }) =>
      message === '' ? 'a message is missing' : { index, code, path },
    ),
  };
}

async function boundsContract(t: Test, { ingress }: OpenedIngress): Promise<void> {
  const notUtf8 = Buffer.concat([
    Buffer.from('{"device":"a","fields":{"a":"'),
    Buffer.from([0xc3, 0x28]),
    Buffer.from('"}}'),
  ]);
  t.same(await ingress.send(notUtf8), { refused: ingress.refusals.notUtf8 }, 'invalid UTF-8');
  const limit = 1024 * 1024;
  const padded = (bytes: number) => Buffer.from('{"device":"padded","fields":{"a":1}}'.padEnd(bytes));
  t.match(await ingress.send(padded(limit)), { receipt: { accepted: 1 } }, 'a batch of just the limit');
  t.same(await ingress.send(padded(limit + 1)), { refused: ingress.refusals.tooLarge }, 'a byte more');
  t.match(await ingress.send(padded(100)), { receipt: { accepted: 1 } }, 'and it goes on');
}
