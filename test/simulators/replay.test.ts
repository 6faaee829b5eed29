import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import t, { type Test } from 'tap';
import type { ReplaySource } from '../../simulators/arguments.js';
import type { Planned } from '../../simulators/play.js';
import { replayPlan } from '../../simulators/replay.js';
import { parseRow, survey, WrongFile } from '../../simulators/replay-file.js';

async function fileOf(t: Test, text: string): Promise<string> {
  const file = path.join(t.testdir(), 'data.csv');
  await writeFile(file, text);
  return file;
}

async function planned(file: string, more: Partial<ReplaySource>, startMs: number): Promise<Planned[]> {
  const usual = { kind: 'replay', file, type: 'machine', device: 'm-1', field: 'temperature' } as const;
  const source: ReplaySource = { ...usual, speed: 0, shiftToNow: false, ...more };
  const all: Planned[] = [];
  for await (const one of replayPlan(source, await survey(file), startMs)) all.push(one);
  return all;
}

const hour =
  'timestamp,value\r\n2013-12-02 21:00:00,1.5\r\n2013-12-02 21:30:00,-2e3\r\n\r\n2013-12-02 21:30:00,3\r\n2013-12-02 22:00:00,4';

await t.test('times are UTC, rows keep their order, doubled times stay', async (t) => {
  const plan = await planned(await fileOf(t, hour), {}, 0);
  t.same(
    plan.map(({ reading }) => [reading.ts, reading.fields['temperature']]),
    [
      [Date.UTC(2013, 11, 2, 21), 1.5],
      [Date.UTC(2013, 11, 2, 21, 30), -2000],
      [Date.UTC(2013, 11, 2, 21, 30), 3],
      [Date.UTC(2013, 11, 2, 22), 4],
    ],
  );
  t.ok(plan.every(({ dueMs, reading }) => dueMs === 0 && reading.device === 'm-1' && reading.type === 'machine'));
});

await t.test('at speed 3600 an hour of data takes a second', async (t) => {
  const plan = await planned(await fileOf(t, hour), { speed: 3600 }, 10_000);
  t.same(
    plan.map(({ dueMs }) => dueMs),
    [10_000, 10_500, 10_500, 11_000],
  );
});

await t.test('shifted to now, the last row is now and the steps stay', async (t) => {
  const plan = await planned(await fileOf(t, hour), { shiftToNow: true }, 1_800_000_000_000);
  t.same(
    plan.map(({ reading }) => Number(reading.ts) - 1_800_000_000_000),
    [-3_600_000, -1_800_000, -1_800_000, 0],
  );
});

await t.test('a row that is none is named with its line', async (t) => {
  const wrong = [
    '2013-12-02 21:00:00',
    '2013-12-02 21:00:00,',
    '2013-12-02 21:00:00,warm',
    '02.12.2013 21:00,5',
    '2013-13-02 21:00:00,5',
  ];
  for (const row of wrong) {
    t.equal(parseRow(row), undefined, row);
    const file = await fileOf(t, `timestamp,value\n2013-12-02 21:00:00,1\n${row}\n`);
    await t.rejects(survey(file), { constructor: WrongFile, message: /data\.csv, line 3: not/ });
  }
  await t.rejects(survey(await fileOf(t, 'timestamp,value\n')), { message: /has no rows/ });
  await t.rejects(survey('/nowhere/data.csv'), { constructor: WrongFile, message: /cannot be read/ });
});

await t.test('the recorded data is whole', async (t) => {
  const directory = new URL('../../../simulators/data/', import.meta.url);
  const rows = async (name: string): Promise<number> => (await survey(new URL(name, directory).pathname)).rows;
  t.equal(await rows('machine_temperature_system_failure.csv'), 22_695);
  t.equal(await rows('ambient_temperature_system_failure.csv'), 7267);
  t.equal(await rows('occupancy_6005.csv'), 2380);
  t.equal(await rows('speed_7578.csv'), 1127);
});
