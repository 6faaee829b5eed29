/**
 * The contract of formats, for every transport that has them: the same bytes give the same receipt and the same stored
 * readings, wherever they come in.
 */
import { encode } from 'cborg';
import { array, assert, asyncProperty, constantFrom, nat, oneof, tuple, uint8Array } from 'fast-check';
import type { Test } from 'tap';
import type { InletProcess } from '../servers/inlet.js';
import { schemaRegistry } from '../schemas/load.js';
import { storedOf, type Outcome } from './ingress/subject.js';

export const formats = ['json', 'ndjson', 'senml', 'senml-cbor', 'line'] as const;
export type Format = (typeof formats)[number];

export const mediaTypes: Record<Format, string> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  senml: 'application/senml+json',
  'senml-cbor': 'application/senml+cbor',
  line: 'text/plain',
};

/** A way in for some of the formats. */
export interface FormatIngress {
  readonly formats: readonly Format[];
  /** What the transport says of a batch that is larger than it takes, which one of so many bytes is. */
  readonly tooLarge: string;
  readonly tooLargeBytes: number;
  /** What it says of bytes that are not UTF-8, where it looks before the format does. */
  readonly notText?: Partial<Record<Format, string>>;
  /** Whether NDJSON is taken line by line, and so may be of any length. */
  readonly isEndless?: true;
  /** @param count entries in it, for a transport that says nothing where all are accepted */
  send(format: Format, bytes: Buffer, of: { device: string; count: number }): Promise<Outcome>;
  close(): Promise<void>;
}

type Value = number | string | boolean;

interface FormatCase {
  promise: string;
  bytes: (format: Format, device: string, ingress: FormatIngress) => Buffer;
  count: number;
  /** Rejected entries by index, or the code with which the batch is refused. */
  outcome: (format: Format, ingress: FormatIngress) => [index: number, code: string, path: string][] | string;
  /** Values of `v` at the times from `at` on. */
  stored: (Value | undefined)[];
}

const at = 1_700_000_000_000;
const isReceipt = schemaRegistry()('https://inlet.example/schemas/receipt.schema.json');
const numbersOfLabels = new Map<string, number>([
  ['bn', -2],
  ['n', 0],
  ['v', 2],
  ['vs', 3],
  ['vb', 4],
  ['t', 6],
]);

/** Readings a millisecond apart, each with one field. */
function encoded(format: Format, device: string, values: readonly Value[]): Buffer {
  const readings = values.map((v, index) => ({ device, ts: at + index, fields: { v } }));
  const records = values.map((value, index) => {
    const label = typeof value === 'number' ? 'v' : typeof value === 'string' ? 'vs' : 'vb';
    return { ...(index === 0 ? { bn: `${device}:` } : {}), n: 'v', t: (at + index) / 1000, [label]: value };
  });
  switch (format) {
    case 'json':
      return Buffer.from(JSON.stringify(readings));
    case 'ndjson':
      return Buffer.from(readings.map((reading) => `${JSON.stringify(reading)}\n`).join(''));
    case 'senml':
      return Buffer.from(JSON.stringify(records));
    case 'senml-cbor':
      return Buffer.from(
        encode(
          records.map((one) => new Map(Object.entries(one).map(([key, value]) => [numbersOfLabels.get(key), value]))),
        ),
      );
    case 'line':
      return Buffer.from(
        values.map((v, index) => `telemetry,device=${device} v=${JSON.stringify(v)} ${at + index}000000\n`).join(''),
      );
  }
}

/** Whether an entry that cannot be read costs itself only. */
const isByLine = (format: Format) => format === 'ndjson' || format === 'line';

const wrongKind = (index: number): [number, string, string] => [index, 'field_type', '/fields/v'];

function ofValues(promise: string, values: Value[], wrong: number[]): FormatCase {
  return {
    promise,
    bytes: (format, device) => encoded(format, device, values),
    count: values.length,
    outcome: () => wrong.map(wrongKind),
    stored: values.map((value, index) => (wrong.includes(index) ? undefined : value)),
  };
}

const cases: FormatCase[] = [
  ofValues('what is good is accepted', [1.5, 2, -3.25], []),
  ofValues('one that is wrong does not hold up the others', [1.5, 'x', 2.5], [1]),
  ofValues('all may be wrong', ['x', true], [0, 1]),
  {
    promise: 'what is cut off cannot be read',
    bytes: (format, device) => encoded(format, device, [1]).subarray(0, format === 'line' ? 20 : 12),
    count: 1,
    outcome: (format) => (isByLine(format) ? [[0, 'malformed', '']] : 'malformed'),
    stored: [],
  },
  {
    promise: 'nothing is an empty batch',
    bytes: () => Buffer.alloc(0),
    count: 0,
    outcome: () => 'empty_batch',
    stored: [],
  },
  {
    promise: 'a batch is as large as it may be',
    bytes: (format, device, { tooLargeBytes }) => encoded(format, device, ['x'.repeat(tooLargeBytes)]),
    count: 1,
    outcome: (format, { tooLarge, isEndless }) =>
      format === 'ndjson' && isEndless ? [[0, 'malformed', '']] : tooLarge,
    stored: [],
  },
  {
    promise: 'bytes that are no text are refused, and not put right',
    bytes: (format, device) => {
      const bytes = encoded(format, device, ['a~c']);
      bytes[bytes.indexOf('~')] = 0xff;
      return bytes;
    },
    count: 1,
    outcome: (format, { notText }) =>
      format === 'ndjson' ? [[0, 'malformed', '']] : (notText?.[format] ?? 'malformed'),
    stored: [],
  },
];

/** @returns what each case of each format came to, by name */
export async function formatContract(
  t: Test,
  service: InletProcess,
  ingress: FormatIngress,
): Promise<Map<string, Outcome>> {
  t.teardown(() => ingress.close());
  const outcomes = new Map<string, Outcome>();
  await service.send({ device: 'first', fields: { v: 0.5 } });
  for (const format of ingress.formats) {
    for (const [number, one] of cases.entries()) {
      await t.test(`${format}: ${one.promise}`, async (t) => {
        const device = `${format}-${number}`;
        const outcome = await ingress.send(format, one.bytes(format, device, ingress), { device, count: one.count });
        outcomes.set(device, outcome);
        t.same(withoutMessages(outcome), expected(one, format, ingress));
      });
    }
    await t.test(`${format}: bytes of any kind get a receipt or are refused`, () => holdAny(format, ingress));
  }
  await service.settled();
  for (const format of ingress.formats) {
    for (const [number, { promise, stored }] of cases.entries()) {
      const rows = await storedOf(service, { device: `${format}-${number}`, types: 'telemetry' });
      const there = stored.flatMap((v, index) =>
        v === undefined ? [] : [{ ts: `${at + index}000000`, type: 'telemetry', v }],
      );
      t.same(rows, there, `stored of ${format}: ${promise}`);
    }
  }
  const { received, accepted, rejected, stored, quarantined, pending } = await service.stats();
  t.equal(received, accepted + rejected);
  t.equal(accepted, stored + quarantined + pending);
  t.equal(quarantined, 0, 'the store takes whatever the door took');
  return outcomes;
}

async function holdAny(format: Format, ingress: FormatIngress): Promise<void> {
  const device = `any-${format}`;
  const whole = encoded(format, device, [1, 'x', true]);
  const cut = tuple(nat(whole.length), uint8Array({ maxLength: 4 })).map(([from, noise]) =>
    Buffer.concat([whole.subarray(0, from), noise, whole.subarray(from + noise.length)]),
  );
  const pieces = constantFrom(
    '[',
    '{',
    '}',
    ']',
    '"v"',
    ':',
    '1',
    ',',
    '\n',
    'm,device=a ',
    'v=',
    '\\',
    '"',
    'e9',
    '__proto__',
  );
  const any = oneof(
    cut,
    uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    array(pieces, { maxLength: 12 }).map((parts) => Buffer.from(parts.join(''))),
  );
  await assert(
    asyncProperty(any, async (bytes) => {
      const outcome = await ingress.send(format, bytes, { device, count: 0 });
      const isSensible =
        'receipt' in outcome
          ? isReceipt(outcome.receipt)
          : ['malformed', 'empty_batch', 'closed 1007'].includes(outcome.refused);
      if (!isSensible) throw new Error(JSON.stringify(outcome));
    }),
    { numRuns: 100 },
  );
}

function expected({ outcome, count }: FormatCase, format: Format, ingress: FormatIngress): unknown {
  const results = outcome(format, ingress);
  if (typeof results === 'string') return { refused: results };
  const listed = results.map(([index, code, path]) => ({ index, code, path }));
  return {
    accepted: count - results.length,
    rejected: results.length,
    ...(listed.length > 0 ? { results: listed } : {}),
  };
}

function withoutMessages(outcome: Outcome): unknown {
  if ('refused' in outcome) return outcome;
  const { results, ...counts } = outcome.receipt;
  return {
    ...counts,
    ...(results ? { results: results.map(({ index, code, path }) => ({ index, code, path })) } : {}),
  };
}
