import type { Case } from './subject.js';

const at = 1_700_000_000_000;
const ns = `${at}000000`;
const valued = (fields: unknown, more: object = {}) => ({ device: 'DEVICE', type: 'TYPE', ts: at, fields, ...more });
const manyFields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, k) => [`f${k}`, k]));
const stored = (fields: object) => [{ ts: ns, type: 'TYPE', ...fields }];

function refused(code: string, what: string, fields: unknown, path: string): Case {
  return { promise: `fields are refused: ${what}`, batch: valued(fields), accepted: 0, results: [[0, code, path]] };
}

/** A first value, and then one of another kind. */
function lock(first: unknown, then: unknown): Case {
  return {
    promise: `a field that has had ${JSON.stringify(first)} does not take ${JSON.stringify(then)}`,
    batch: [valued({ a: first }), valued({ a: then, b: 1 }), valued({ a: null, c: 1 })],
    accepted: 2,
    results: [[1, 'field_type', '/fields/a']],
    stored: stored({ a: first, c: 1 }),
  };
}

const lab = (fields: unknown, more: object = {}) => ({
  device: 'DEVICE',
  type: 'lab',
  ts: at,
  tags: { site: 'x' },
  fields,
  ...more,
});
const labStored = (fields: object) => [{ ts: ns, type: 'lab', 'tag.site': 'x', ...fields }];

function refusedByLab(code: string, what: string, batch: unknown, path: string): Case {
  return { promise: `the schema refuses ${what}`, batch, accepted: 0, results: [[0, code, path]] };
}

export const valueCases: Case[] = [
  {
    promise: 'numbers, booleans and strings are kept as they are',
    batch: valued({
      f: -0.1,
      big: 1.7976931348623157e308,
      tiny: 5e-324,
      t: true,
      n: false,
      s: 'a "b" \\ c\nd, e=f ü 😀',
      empty: '',
    }),
    accepted: 1,
    stored: stored({
      f: -0.1,
      big: 1.7976931348623157e308,
      tiny: 5e-324,
      t: true,
      n: false,
      s: 'a "b" \\ c\nd, e=f ü 😀',
      empty: '',
    }),
  },
  {
    promise: 'minus zero is zero',
    batch: `{"device":"DEVICE","type":"TYPE","ts":${at},"fields":{"a":-0}}`,
    accepted: 1,
    stored: stored({ a: 0 }),
  },
  {
    promise: 'names that objects have anyway may name fields and tags',
    batch: valued({ toString: 1, valueOf: 2 }, { tags: { hasOwnProperty: 'x' } }),
    accepted: 1,
    stored: [{ ts: ns, type: 'TYPE', 'tag.hasOwnProperty': 'x', toString: 1, valueOf: 2 }],
  },
  { promise: '64 fields are taken', batch: valued(manyFields(64)), accepted: 1 },
  refused('fields_invalid', 'the 65th', manyFields(65), '/fields'),
  { promise: 'a null is left out', batch: valued({ a: null, b: 2 }), accepted: 1, stored: stored({ b: 2 }) },
  refused('no_fields', 'only nulls', { a: null, b: null }, '/fields'),
  refused('no_fields', 'none', {}, '/fields'),
  refused('no_fields', 'missing', undefined, '/fields'),
  refused('no_fields', 'null', null, '/fields'),
  refused('fields_invalid', 'an array', [1], '/fields'),
  refused('fields_invalid', 'a number', 7, '/fields'),
  refused('field_type', 'a nested object', { a: { b: 1 } }, '/fields/a'),
  refused('field_type', 'an array as a value', { a: [1] }, '/fields/a'),
  refused('fields_invalid', 'a key with a space', { 'a b': 1 }, '/fields/a b'),
  refused('fields_invalid', 'a key with a slash and a tilde', { 'a/~': 1 }, '/fields/a~1~0'),
  refused('fields_invalid', 'a key that begins with a dot', { '.a': 1 }, '/fields/.a'),
  refused('fields_invalid', 'a key of 65 characters', { [`k${'k'.repeat(64)}`]: 1 }, `/fields/k${'k'.repeat(64)}`),
  ...['time', 'ts', 'device', 'type', 'constructor', 'prototype'].map((key) =>
    refused('fields_invalid', `the reserved key ${key}`, { [key]: 1 }, `/fields/${key}`),
  ),
  {
    promise: 'fields are refused: the reserved key __proto__',
    batch: '{"device":"DEVICE","fields":{"a":1,"__proto__":{"a":1}}}',
    accepted: 0,
    results: [[0, 'fields_invalid', '/fields/__proto__']],
  },
  {
    promise: 'fields are refused: a number that is not finite',
    batch: '{"device":"DEVICE","type":"TYPE","fields":{"a":1e999}}',
    accepted: 0,
    results: [[0, 'field_type', '/fields/a']],
  },
  {
    promise: 'a string has 1,024 code points, whatever they are',
    batch: [valued({ a: 'x'.repeat(1024) }), valued({ a: '😀'.repeat(1024) })],
    accepted: 2,
    stored: stored({ a: '😀'.repeat(1024) }),
  },
  refused('field_type', 'a string of 1,025 characters', { a: 'x'.repeat(1025) }, '/fields/a'),
  refused('field_type', 'a string of 1,025 characters beyond the first plane', { a: '😀'.repeat(1025) }, '/fields/a'),
  refused('field_type', 'a string with half a surrogate pair', { a: 'x\udfff' }, '/fields/a'),
  {
    promise: 'one name is not both a tag and a field',
    batch: [valued({ site: 1 }, { tags: { site: 'x' } }), valued({ site: 2 })],
    accepted: 1,
    results: [[0, 'fields_invalid', '/fields/site']],
    stored: stored({ site: 2 }),
  },
  {
    promise: 'a reading with one bad field is rejected whole, and leaves nothing behind',
    batch: [valued({ a: 'text', b: [] }), valued({ a: 1 })],
    accepted: 1,
    results: [[0, 'field_type', '/fields/b']],
    stored: stored({ a: 1 }),
  },

  lock(1.5, true),
  lock(1.5, 'x'),
  lock(true, 1),
  lock(true, 'true'),
  lock('x', 1),
  lock('x', false),
  {
    promise: 'a number is a float, with or without a point',
    batch: [valued({ a: 1 }), valued({ a: 1.5 })],
    accepted: 2,
    stored: stored({ a: 1.5 }),
  },
  {
    promise: 'the kind is locked in each type for itself',
    batch: [valued({ a: 1 }), valued({ a: 'x' }, { type: 'TYPE.b' })],
    accepted: 2,
  },

  {
    promise: 'a reading that its schema allows is taken',
    batch: lab({ level: 50, count: 7, on: true, mode: 'auto', extra: 1 }),
    accepted: 1,
    stored: labStored({ level: 50, count: 7, on: true, mode: 'auto', extra: 1 }),
  },
  {
    promise: 'an integer of the schema takes whole numbers',
    batch: lab({ level: 1, count: 3.0 }),
    accepted: 1,
    stored: labStored({ level: 1, count: 3 }),
  },
  refusedByLab('field_type', 'a fraction for an integer', lab({ level: 1, count: 1.5 }), '/fields/count'),
  refusedByLab(
    'field_type',
    'an integer whose digits JSON has lost',
    lab({ level: 1, count: 2 ** 53 }),
    '/fields/count',
  ),
  refusedByLab('field_type', 'a string for an integer', lab({ level: 1, count: '3' }), '/fields/count'),
  refusedByLab('field_type', 'a boolean for a number', lab({ level: true }), '/fields/level'),
  refusedByLab('field_type', 'a number for a boolean', lab({ level: 1, on: 1 }), '/fields/on'),
  refusedByLab('schema', 'a number above its maximum', lab({ level: 101 }), '/fields/level'),
  refusedByLab('schema', 'a text that is none of the choices', lab({ level: 1, mode: 'turbo' }), '/fields/mode'),
  refusedByLab('schema', 'a reading without a field that has to be there', lab({ count: 1 }), '/fields'),
  refusedByLab('schema', 'a null for a field that has to be there', lab({ level: null, count: 1 }), '/fields'),
  refusedByLab('schema', 'a reading without a tag that has to be there', lab({ level: 1 }, { tags: {} }), '/tags'),

  {
    promise: 'readings of one identity are merged by field, and the last accepted wins',
    batch: [valued({ a: 1, b: 1 }), valued({ b: 2, c: 2 }), valued({ c: 3 })],
    accepted: 3,
    stored: stored({ a: 1, b: 2, c: 3 }),
  },
  {
    promise: 'the same reading twice is stored once',
    batch: [valued({ a: 1 }), valued({ a: 1 })],
    accepted: 2,
    stored: stored({ a: 1 }),
  },
  {
    promise: 'readings that differ in a tag are not one, nor such that differ in a nanosecond',
    batch: [
      valued({ a: 1 }),
      valued({ a: 2 }, { tags: { x: 'y' } }),
      valued({ a: 3 }, { ts: `${at}000001`, precision: 'ns' }),
    ],
    accepted: 3,
    stored: [
      { ts: ns, type: 'TYPE', a: 1 },
      { ts: ns, type: 'TYPE', 'tag.x': 'y', a: 2 },
      { ts: `${at}000001`, type: 'TYPE', a: 3 },
    ],
  },
];
