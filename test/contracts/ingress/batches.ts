import type { Case } from './subject.js';

const at = 1_700_000_000_000;
const ns = `${at}000000`;
const reading = { device: 'DEVICE', type: 'TYPE', ts: at, fields: { a: 1 } };
const stored = [{ ts: ns, type: 'TYPE', a: 1 }];

/** The three forms of a batch, and what is none. */
export const batchCases: Case[] = [
  { promise: 'a reading is a batch', batch: reading, accepted: 1, stored },
  { promise: 'an array of readings is a batch', batch: [reading, { ...reading, ts: at + 1 }], accepted: 2 },
  {
    promise: 'an envelope gives its readings what they do not say themselves, and tags merge by key',
    batch: {
      device: 'other',
      type: 'TYPE',
      precision: 's',
      tags: { site: 'lyon', line: 'a' },
      readings: [
        { device: 'DEVICE', ts: at / 1000, tags: { line: 'b', cell: '7' }, fields: { a: 1 } },
        { device: 'DEVICE', type: 'TYPE.own', ts: at, precision: 'ms', fields: { a: 2 } },
      ],
    },
    accepted: 2,
    stored: [
      { ts: ns, type: 'TYPE', 'tag.cell': '7', 'tag.line': 'b', 'tag.site': 'lyon', a: 1 },
      { ts: ns, type: 'TYPE.own', 'tag.line': 'a', 'tag.site': 'lyon', a: 2 },
    ],
  },
  {
    promise: 'a reading with no type is telemetry',
    batch: { device: 'DEVICE', ts: at, fields: { plain: 1 } },
    accepted: 1,
    stored: [{ ts: ns, type: 'telemetry', plain: 1 }],
  },
  { promise: 'an id comes back', batch: { id: 'b-17', readings: [reading] }, accepted: 1, id: 'b-17' },
  {
    promise: 'an id may have 64 characters',
    batch: { id: 'i'.repeat(64), readings: [reading] },
    accepted: 1,
    id: 'i'.repeat(64),
  },
  {
    promise: 'characters of an id are code points',
    batch: { id: '😀'.repeat(64), readings: [reading] },
    accepted: 1,
    id: '😀'.repeat(64),
  },
  { promise: 'a longer id is refused', batch: { id: 'i'.repeat(65), readings: [reading] }, refused: 'malformed' },
  { promise: 'an id is a string', batch: { id: 17, readings: [reading] }, refused: 'malformed' },
  {
    promise: 'of one key given twice the last counts',
    batch: `{"device":"x","device":"DEVICE","type":"TYPE","ts":${at},"fields":{"a":5,"a":1}}`,
    accepted: 1,
    stored,
  },
  {
    promise: 'a byte order mark before JSON is passed over',
    batch: `\ufeff{"device":"DEVICE","type":"TYPE","ts":${at},"fields":{"a":1}}`,
    accepted: 1,
    stored,
  },
  { promise: 'broken JSON is malformed', batch: '{"device":"DEVICE","fields":{"a":1}', refused: 'malformed' },
  {
    promise: 'two JSON texts are not one',
    batch: '{"device":"DEVICE","fields":{"a":1}}\n{"device":"DEVICE","fields":{"a":2}}',
    refused: 'malformed',
  },
  ...['null', 'true', '17', '"reading"'].map((batch) => ({
    promise: `${batch} is no batch`,
    batch,
    refused: 'malformed',
  })),
  { promise: 'nothing at all is an empty batch', batch: '', refused: 'empty_batch' },
  { promise: 'an empty array is an empty batch', batch: [], refused: 'empty_batch' },
  {
    promise: 'an envelope without readings in it is an empty batch',
    batch: { device: 'DEVICE', readings: [] },
    refused: 'empty_batch',
  },
  {
    promise: 'readings are an array',
    batch: { device: 'DEVICE', readings: { fields: { a: 1 } } },
    refused: 'malformed',
  },
  {
    promise: 'an unknown key of the envelope is refused',
    batch: { devices: 'DEVICE', readings: [reading] },
    refused: 'malformed',
  },
  {
    promise: '__proto__ is an unknown key of the envelope',
    batch: `{"__proto__":{"device":"DEVICE"},"readings":[{"fields":{"a":1}}]}`,
    refused: 'malformed',
  },
  {
    promise: 'an unknown precision of the envelope is refused',
    batch: { precision: 'm', readings: [reading] },
    refused: 'malformed',
  },
  {
    promise: 'what is no object is no reading, and the others are kept',
    batch: [null, reading, 'x', [reading], 7],
    accepted: 1,
    results: [0, 2, 3, 4].map((index) => [index, 'malformed', '']),
    stored,
  },
  {
    promise: 'an unknown key of a reading is named',
    batch: [{ ...reading, values: 1 }, { ...reading, 'a/b': 1 }, reading],
    accepted: 1,
    results: [
      [0, 'fields_invalid', '/values'],
      [1, 'fields_invalid', '/a~1b'],
    ],
    stored,
  },
  {
    promise: '__proto__ and constructor are unknown keys of a reading',
    batch: '[{"__proto__":{"device":"DEVICE"},"fields":{"a":1}},{"device":"DEVICE","constructor":1,"fields":{"a":1}}]',
    results: [
      [0, 'fields_invalid', '/__proto__'],
      [1, 'fields_invalid', '/constructor'],
    ],
    accepted: 0,
  },
  {
    promise: 'JSON nested 10,000 deep does no harm',
    batch: `{"device":"DEVICE","fields":{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}}`,
    accepted: 0,
    results: [[0, 'field_type', '/fields/a']],
  },
  {
    promise: 'an array nested 10,000 deep is no reading',
    batch: '['.repeat(10_000) + ']'.repeat(10_000),
    accepted: 0,
    results: [[0, 'malformed', '']],
  },
  {
    promise: 'of many rejected readings the first hundred are listed and all are counted',
    batch: [...Array.from({ length: 150 }, () => ({ device: 'DEVICE' })), reading],
    accepted: 1,
    rejected: 150,
    results: Array.from({ length: 100 }, (_, index) => [index, 'no_fields', '/fields']),
    stored,
  },
  {
    promise: 'a batch of 10,000 readings is taken',
    batch: {
      device: 'DEVICE',
      type: 'TYPE',
      readings: Array.from({ length: 10_000 }, (_, k) => ({ ts: at + k, fields: { a: k } })),
    },
    accepted: 10_000,
  },
  {
    promise: 'one reading more is too many, and nothing of the batch is kept',
    batch: { device: 'DEVICE', readings: Array.from({ length: 10_001 }, () => ({ fields: { a: 1 } })) },
    refused: 'too_many_readings',
  },
];
