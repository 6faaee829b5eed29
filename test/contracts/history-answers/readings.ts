/** Readings with everything in them that two stores could see differently. */
import type { Sample } from '../history-store/plain-store.js';

const hourMs = 3_600_000;
export const from = Date.UTC(2024, 2, 8);
export const to = Date.UTC(2024, 10, 6);

/** Values of tags and of text fields. */
export const oddTexts = [
  'lyon',
  'a b',
  'a,b=c',
  '"quoted"',
  "it's",
  'C:\\',
  '\\"',
  '🌡️ 21 °C',
  'é',
  '%_*$1',
  '; DROP TABLE x; --',
  '{"a":[1]}',
];

const floats = [0, -0, 1e308, -1e308, 5e-324, 1.7976931348623157e308, 0.1, 1 / 3, 1e21, -273.15];
const integers = [0n, -1n, 2n ** 53n - 1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n), 7n];

function at(ms: number, ns: number): bigint {
  return BigInt(ms) * 1_000_000n + BigInt(ns);
}

/** Three devices and two types, every eleven hours through a summer: the clock changes of both zones lie within. */
function summer(): Sample[] {
  const samples: Sample[] = [];
  for (let index = 0, ms = from; ms < to; index++, ms += 11 * hourMs) {
    const site = oddTexts[(index >> 3) % 3]!;
    samples.push({
      type: index % 3 === 0 ? 'meter' : 'machine',
      device: `d${index % 3}`,
      tags: index % 7 === 0 ? {} : { site, 'line.no': String(index % 2) },
      ts: at(ms + (index % 4) * 123, (index * 7919) % 1_000_000),
      fields: {
        temperature: 20 + (index % 50) / 3,
        ...(index % 2 === 0 ? { count: BigInt(index * 1000) } : {}),
        ...(index % 5 < 3 ? { state: index % 10 < 3 ? 'ok' : oddTexts[index % oddTexts.length]! } : {}),
        ...(index % 6 < 4 ? { running: index % 4 < 2 } : {}),
      },
    });
  }
  return samples;
}

/** Around the hours that a clock change leaves out or gives twice, in both zones. */
function clockChanges(): Sample[] {
  return [Date.UTC(2024, 2, 10), Date.UTC(2024, 2, 31), Date.UTC(2024, 9, 27), Date.UTC(2024, 10, 3)].flatMap((day) =>
    Array.from({ length: 40 }, (_, half): Sample => {
      const ts = at(day + (half - 4) * (hourMs / 2), 0);
      return { device: 'clock', ts, fields: { temperature: half + 1, count: BigInt(half) } };
    }),
  );
}

/** At one time each: every odd text as a tag and as a field, and every number that a store may round. */
function oddValues(): Sample[] {
  const ms = Date.UTC(2024, 5, 1, 12);
  return [
    ...oddTexts.map((text, index): Sample => {
      return { device: 'odd', tags: { note: text }, ts: at(ms, 1), fields: { text, nth: index } };
    }),
    ...['two\nlines', '', ' ', 'tab\there'].map((text, index): Sample => {
      return { device: 'odd', ts: at(ms, 10 + index), fields: { text } };
    }),
    ...floats.map((extreme, index): Sample => ({ device: 'f', ts: at(ms + index, index), fields: { extreme } })),
    ...integers.map((exact, index): Sample => ({ device: 'i', ts: at(ms + index, 999_999), fields: { exact } })),
    ...[1, 2, 3].map((step): Sample => ({ device: 'ns', ts: at(ms, 123_456 + step), fields: { temperature: step } })),
  ];
}

/** Sent again, corrected, and late; and one field in two kinds, by type. */
function again(first: readonly Sample[]): Sample[] {
  const late = first.filter((_, index) => index % 11 === 0).reverse();
  return [
    ...late,
    ...late.slice(0, 30).map((sample) => ({ ...sample, fields: { temperature: 99.5, running: true } })),
    { type: 'label', device: 'd0', ts: at(from + hourMs, 0), fields: { count: 'many', temperature: 'warm' } },
  ];
}

/** In the order in which they were accepted. */
export function oddReadings(): Sample[] {
  const first = [...summer(), ...oddValues(), ...clockChanges()];
  return [...first, ...again(first)];
}
