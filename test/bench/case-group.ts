/** That each case of a group measures something, from end to end, with little of everything. Never how fast. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Test } from 'tap';
import { caseGroups } from '../../bench/cases/all.js';
import type { Result } from '../../bench/result.js';
import { bench } from './bench.js';

const seconds = 0.1;
const little = { pairs: 1, seconds, 'spool-mib': 8, connections: 1000, readings: 20_000 };
const options = Object.entries(little).flatMap(([name, value]) => [`--${name}`, `${value}`]);

export async function testCases(t: Test, group: keyof typeof caseGroups): Promise<void> {
  for (const { name } of caseGroups[group]) {
    await t.test(`${name} runs from end to end and leaves its figures`, async (t) => {
      const out = t.testdir();
      const { errors, code } = await bench(name, ...options, '--out', out);
      t.equal(code, 0, errors);
      t.same(readdirSync(path.join(out, 'results')), [`${name}.json`]);
      t.ok(existsSync(path.join(out, 'RESULTS.md')));
      const result = JSON.parse(readFileSync(path.join(out, 'results', `${name}.json`), 'utf8')) as Result;
      t.match(result, { case: name, pairs: 1, seconds, versions: { node: process.version } });
      t.ok(result.lines.length > 0);
      for (const line of result.lines) {
        if (line.kind === 'time') t.ok(line.seconds.median > 0, line.name);
        else if (line.kind === 'amount') t.ok(line.runs.length === 1, line.name);
        else t.ok(line.pairs.length === 1 && line.ours.median > 0 && line.bare.median > 0, line.name);
      }
    });
  }
}
