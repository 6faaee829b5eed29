import { readFileSync } from 'node:fs';
import t from 'tap';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FleetSource } from '../../simulators/arguments.js';
import { fleetPlan, fleetReadings } from '../../simulators/fleet.js';
import { Latencies } from '../../simulators/latencies.js';
import { profiles, type ProfileName } from '../../simulators/profiles.js';

const names = Object.keys(profiles) as ProfileName[];

function source(profile: ProfileName, more: Partial<FleetSource> = {}): FleetSource {
  return { kind: 'fleet', devices: 3, rateHz: 2, profile, durationMs: 600_000, seed: 5, ...more };
}

const startMs = 1_700_000_000_000;

await t.test('the same seed gives the same readings; another seed, and another device, others', (t) => {
  const fields = (profile: ProfileName, seed: number, index: number): string =>
    JSON.stringify([...fleetPlan(source(profile, { seed }), index, startMs)].map(({ reading }) => reading.fields));
  for (const profile of names) {
    t.ok(fields(profile, 5, 1) === fields(profile, 5, 1), profile);
    t.ok(fields(profile, 5, 1) !== fields(profile, 6, 1));
    t.ok(fields(profile, 5, 1) !== fields(profile, 5, 2));
  }
  t.end();
});

await t.test('a fleet sends as many readings as it said, each device at different times', (t) => {
  const fleet = source('machine', { rateHz: 1000, durationMs: 2000 });
  t.equal(fleetReadings(fleet), 6000);
  const times = [...fleetPlan(fleet, 0, startMs)].map(({ reading }) => reading.ts);
  t.equal(new Set(times).size, 2000, 'no two readings share an identity');
  t.end();
});

await t.test('counters never go back', (t) => {
  const energy = [...fleetPlan(source('power'), 0, startMs)].map(({ reading }) => Number(reading.fields['energy']));
  t.ok(energy.every((value, at) => Number.isInteger(value) && value >= (energy[at - 1] ?? 0)));
  t.ok((energy.at(-1) ?? 0) > (energy[0] ?? 0), 'and they count');
  t.end();
});

await t.test('what devices measure is what their types allow, over a whole year', (t) => {
  const ajv = new Ajv2020({ strict: false });
  for (const profile of names) {
    const schema = new URL(`../../../schemas/types/${profile}.schema.json`, import.meta.url);
    const isValid = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')) as object);
    const year = source(profile, { rateHz: 1 / 7200, durationMs: 365 * 86_400_000 });
    const wrong = [...fleetPlan(year, 0, startMs)].find(({ reading }) => !isValid({ tags: {}, ...reading }));
    t.equal(wrong, undefined, profile);
  }
  t.end();
});

await t.test('quantiles are at most 2 % too high, and there are none of nothing', (t) => {
  const latencies = new Latencies();
  t.equal(latencies.quantileMs(0.5), undefined);
  for (let ms = 1; ms <= 1000; ms++) latencies.add(ms);
  for (const [q, exact] of [
    [0.5, 500],
    [0.99, 990],
    [1, 1000],
  ] as const) {
    const quantile = latencies.quantileMs(q) ?? 0;
    t.ok(quantile >= exact && quantile <= exact * 1.02, `${q}: ${quantile}`);
  }
  t.end();
});
