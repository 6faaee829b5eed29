import type { Case } from './subject.js';

const at = 1_700_000_000_000;
const ns = `${at}000000`;
const reading = { device: 'DEVICE', type: 'TYPE', ts: at, fields: { a: 1 } };
const tagged = (tags: unknown) => ({ ...reading, tags });
const stored = [{ ts: ns, type: 'TYPE', a: 1 }];
const manyTags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, k) => [`t${k}`, 'x']));

function refusedTag(what: string, tags: unknown, path: string): Case {
  return {
    promise: `a tag is refused: ${what}`,
    batch: tagged(tags),
    accepted: 0,
    results: [[0, 'tags_invalid', path]],
  };
}

function refusedDevice(what: string, device: unknown): Case {
  const batch = { readings: [{ ...reading, device }] };
  return { promise: `a device is refused: ${what}`, batch, accepted: 0, results: [[0, 'device_invalid', '/device']] };
}

function refusedType(what: string, type: unknown): Case {
  const batch = { readings: [{ ...reading, type }] };
  return { promise: `a type is refused: ${what}`, batch, accepted: 0, results: [[0, 'type_invalid', '/type']] };
}

/** Device, type and tags: what makes a series. */
export const identityCases: Case[] = [
  {
    promise: 'a device may have every character of its pattern',
    batch: { ...reading, device: 'DEVICE.a_B:9-' },
    accepted: 1,
  },
  { promise: 'a device may have 128 characters', batch: { ...reading, device: 'd'.repeat(128) }, accepted: 1 },
  { ...refusedDevice('missing', undefined), deviceless: true },
  refusedDevice('not a string', 7),
  refusedDevice('empty', ''),
  refusedDevice('with a slash', 'a/b'),
  refusedDevice('with a line feed', 'a\n'),
  refusedDevice('beginning with a dot', '.a'),
  refusedDevice('of 129 characters', 'd'.repeat(129)),
  refusedDevice('beyond ASCII', 'größe'),
  { promise: 'a type may have 64 characters', batch: { ...reading, type: 't'.repeat(64) }, accepted: 1 },
  refusedType('not a string', 7),
  refusedType('empty', ''),
  refusedType('beginning with a digit', '7a'),
  refusedType('with a space', 'a b'),
  refusedType('of 65 characters', 't'.repeat(65)),

  { promise: 'no tags are as empty tags', batch: [reading, tagged({}), tagged(null)], accepted: 3, stored },
  { promise: '16 tags are taken', batch: tagged(manyTags(16)), accepted: 1 },
  refusedTag('the seventeenth', manyTags(17), '/tags'),
  {
    promise: 'an envelope and a reading together may not have more than 16 tags either',
    batch: { tags: manyTags(16), readings: [tagged({ u: 'x' }), reading] },
    accepted: 1,
    results: [[0, 'tags_invalid', '/tags']],
  },
  refusedTag('not an object', 'site=lyon', '/tags'),
  refusedTag('an array', ['lyon'], '/tags'),
  refusedTag('a key that begins with a digit', { '7a': 'x' }, '/tags/7a'),
  refusedTag('a key with a slash', { 'a/b': 'x' }, '/tags/a~1b'),
  refusedTag('an empty key', { '': 'x' }, '/tags/'),
  refusedTag('a key of 65 characters', { [`k${'k'.repeat(64)}`]: 'x' }, `/tags/k${'k'.repeat(64)}`),
  ...['time', 'ts', 'device', 'type', 'constructor', 'prototype'].map((key) =>
    refusedTag(`the reserved key ${key}`, { [key]: 'x' }, `/tags/${key}`),
  ),
  {
    promise: 'a tag is refused: the reserved key __proto__',
    batch: '{"device":"DEVICE","tags":{"__proto__":"x"},"fields":{"a":1}}',
    accepted: 0,
    results: [[0, 'tags_invalid', '/tags/__proto__']],
  },
  refusedTag('a number', { site: 7 }, '/tags/site'),
  refusedTag('null', { site: null }, '/tags/site'),
  refusedTag('empty', { site: '' }, '/tags/site'),
  refusedTag('of 257 characters', { site: 'x'.repeat(257) }, '/tags/site'),
  refusedTag('of 257 characters beyond the first plane', { site: '😀'.repeat(257) }, '/tags/site'),
  refusedTag('with a line feed', { site: 'a\nb' }, '/tags/site'),
  refusedTag('with a NUL', { site: 'a\0b' }, '/tags/site'),
  refusedTag('with a DEL', { site: 'a\u007f' }, '/tags/site'),
  refusedTag('with half a surrogate pair', { site: 'a\ud800' }, '/tags/site'),
  {
    promise: 'a tag has 256 code points, whatever they are',
    batch: [tagged({ site: 'x'.repeat(256) }), tagged({ site: '😀'.repeat(256) }), tagged({ site: 'a\u2028b' })],
    accepted: 3,
  },
  {
    promise: 'signs that mean something elsewhere are only characters in a tag',
    batch: tagged({ site: 'a,b=c d\\', quote: '"\'; DROP TABLE x; --' }),
    accepted: 1,
    stored: [{ ts: ns, type: 'TYPE', 'tag.quote': '"\'; DROP TABLE x; --', 'tag.site': 'a,b=c d\\', a: 1 }],
  },
  {
    promise: 'a series that is known lets no bad tags through',
    batch: [
      ...Array.from({ length: 12 }, (_, k) => tagged({ k: `${k}`, z: 'z' })),
      tagged({ 'k=0,z': 'z' }),
      tagged({ k: '0', z: 7 }),
      tagged({ k: 0, z: 'z' }),
      tagged([]),
      reading,
      tagged([]),
    ],
    accepted: 13,
    results: [
      [12, 'tags_invalid', '/tags/k=0,z'],
      [13, 'tags_invalid', '/tags/z'],
      [14, 'tags_invalid', '/tags/k'],
      [15, 'tags_invalid', '/tags'],
      [17, 'tags_invalid', '/tags'],
    ],
  },
];
