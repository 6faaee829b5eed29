import t from 'tap';
import { MemoryCatalog } from '../../src/catalog/memory-catalog.js';
import type { Batch } from '../../src/domain/batch.js';
import { Gathered } from '../../src/pipeline/gathered.js';
import { Normalizer } from '../../src/pipeline/normalize.js';
import type { Outcome } from '../../src/pipeline/outcome.js';
import type { ReadingType } from '../../src/ports/catalog.js';

const nowMs = 1_700_000_000_000;
const lab: ReadingType = {
  name: 'lab',
  fields: [{ name: 'count', kind: 'integer', unit: null }],
  check: () => undefined,
  schema: {},
};

interface Bounds {
  series: number;
  types: number;
  fieldsOfType: number;
}

function normalizer(bounds: Bounds = { series: 1000, types: 100, fieldsOfType: 100 }): Normalizer {
  const clock = { now: () => nowMs };
  return new Normalizer(new MemoryCatalog(clock, [lab], bounds), clock);
}

/** Normalizes a batch by itself. */
function take(one: Normalizer, batch: Batch): Outcome & { gathered: Gathered; lines: string[] } {
  const gathered = new Gathered();
  const outcome = one.normalize(batch, gathered);
  const lines = Buffer.concat([gathered.fresh.bytes, gathered.late.bytes]).toString().trimEnd().split('\n');
  return { ...outcome, gathered, lines };
}

function plain(readings: unknown[]): Batch {
  return {
    id: undefined,
    seq: undefined,
    device: undefined,
    type: undefined,
    tags: undefined,
    precision: 'ms',
    readings,
  };
}

function batchOf(...fields: Record<string, unknown>[]): Batch {
  return { ...plain(fields.map((fields) => ({ ts: nowMs, fields }))), type: 'lab', device: 'd1' };
}

await t.test('an integer field takes integers of 64 bits and whole JSON numbers, and keeps their digits', (t) => {
  const largest = 2n ** 63n - 1n;
  const { lines, rejections } = take(
    normalizer(),
    batchOf(
      { count: 5 },
      { count: 5n },
      { count: largest },
      { count: -largest - 1n },
      { count: largest + 1n },
      { count: 5.5 },
    ),
  );
  t.same(
    lines.map((line) => line.split(' ')[1]),
    ['count=5i', 'count=5i', `count=${largest}i`, `count=${-largest - 1n}i`],
  );
  t.match(rejections, [
    { index: 4, code: 'field_type' },
    { index: 5, code: 'field_type' },
  ]);
  t.end();
});

await t.test('a float field takes no integer, an integer field no float, whichever was first', (t) => {
  const { rejections, accepted } = take(
    normalizer(),
    batchOf({ f: 5 }, { f: 5n }, { i: 5n }, { i: 5 }, { i: 5.5 }, { i: 6n }),
  );
  t.match(rejections, [
    { index: 1, code: 'field_type' },
    { index: 4, code: 'field_type' },
  ]);
  t.equal(accepted, 4);
  t.end();
});

await t.test('what a rejected reading would have taught is not learned', (t) => {
  const { rejected, accepted, gathered } = take(normalizer(), batchOf({ a: 'x', b: [] }, { a: 1, b: true }));
  t.equal(rejected, 1);
  t.equal(accepted, 1);
  t.same(
    gathered.taught.map(({ field }) => field),
    ['a', 'b'],
  );
  t.end();
});

await t.test('names that a stranger invents find an end', (t) => {
  const bounded = normalizer({ series: 2, types: 2, fieldsOfType: 2 });
  const reading = (device: string, type: string, field: string) => ({
    device,
    type,
    ts: nowMs,
    fields: { [field]: 1 },
  });
  const { rejections } = take(
    bounded,
    plain([
      reading('d1', 'a', 'f1'),
      reading('d2', 'a', 'f2'),
      reading('d3', 'a', 'f1'),
      reading('d1', 'b', 'f1'),
      reading('d1', 'a', 'f3'),
      reading('d1', 'a', 'f2'),
    ]),
  );
  t.match(rejections, [
    { index: 2, code: 'too_many_series' },
    { index: 3, code: 'too_many_series', path: '/type' },
    { index: 4, code: 'fields_invalid', path: '/fields/f3' },
  ]);
  t.end();
});

await t.test('a reading is late when it is not newer than its series, and stands apart from those that are', (t) => {
  const normal = normalizer();
  const readings = [0, 1, 1, 0, 2].map((ms) => ({ device: 'd1', ts: nowMs + ms, fields: { a: 1 } }));
  const { fresh, late } = take(normal, plain(readings)).gathered;
  const times = ({ bytes }: { bytes: Buffer }) =>
    [...bytes.toString().matchAll(/ (\d+)000000$/gm)].map(([, ms]) => Number(ms) - nowMs);
  t.same(times(fresh), [0, 1, 2]);
  t.same(times(late), [1, 0]);
  t.same([fresh.count, late.count], [3, 2]);
  t.same(take(normal, plain([readings[4]])).gathered.late.count, 1, 'also when the newest came in another batch');
  t.end();
});
