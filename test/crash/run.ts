/**
 * `npm run test:faults`: the long form of the faults. FAULT_MINUTES bounds it; names of cases choose some of them, and
 * `--more` adds to what the last runs of these have shown.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import { projectRoot } from '../../src/config/settings.js';
import { machine, versions } from '../../bench/result.js';
import { table } from '../../simulators/terminal.js';
import { faultCases } from './cases/all.js';
import type { FaultCase } from './fault-case.js';
import { cells, columns, readRuns, resultOf, writeResultsPage, type FaultResult } from './results-page.js';
import { Tally } from './tally.js';

const defaultMinutes = 10;
const directory = path.join(projectRoot, 'test', 'crash');

async function run(one: FaultCase, minutes: number): Promise<FaultResult> {
  const startedAt = Date.now();
  const seed = startedAt % 1_000_000_000;
  const tally = new Tally();
  const say = (text: string) =>
    void process.stderr.write(`${((Date.now() - startedAt) / 1000).toFixed(0).padStart(5)} s  ${one.name}: ${text}\n`);
  say(`up to ${minutes.toFixed(1)} minutes, seed ${seed}`);
  const notes = await one.run({ until: startedAt + minutes * 60_000, seed, say }, tally);
  for (const problem of tally.problems) say(`PROBLEM ${problem}`);
  const tookMinutes = (Date.now() - startedAt) / 60_000;
  return resultOf(one, tally, {
    notes,
    seed,
    minutes: tookMinutes,
    versions: versions(),
    machine: machine(),
    loadAverage: loadavg()[2]!,
  });
}

function keep(result: FaultResult, addsMore: boolean): void {
  mkdirSync(path.join(directory, 'results'), { recursive: true });
  const file = path.join(directory, 'results', `${result.name}.json`);
  const runs = [...(addsMore ? readRuns(directory, result.name) : []), result];
  writeFileSync(file, `${JSON.stringify(runs, null, 2)}\n`);
  writeResultsPage(directory, faultCases);
}

async function main(args: string[]): Promise<number> {
  const addsMore = args.includes('--more');
  const names = args.filter((argument) => argument !== '--more');
  const minutes = Number(process.env['FAULT_MINUTES'] ?? defaultMinutes);
  const unknown = names.find((name) => !faultCases.some((one) => one.name === name));
  if (unknown !== undefined || !(minutes > 0)) {
    const known = faultCases.map(({ name }) => name).join(', ');
    console.error(
      `The faults are ${known}; none named means all of them, and --more adds to the last results. FAULT_MINUTES is a number above 0.`,
    );
    return 2;
  }
  const chosen = faultCases.filter(({ name }) => names.length === 0 || names.includes(name));
  const shares = chosen.reduce((sum, { share }) => sum + share, 0);
  const results: FaultResult[] = [];
  for (const one of chosen) {
    const result = await run(one, (minutes * one.share) / shares);
    results.push(result);
    keep(result, addsMore);
  }
  console.log(table([columns, ...results.map((result) => cells([result]))]));
  const isClean = results.every(({ lost, doubled, wrong, problems }) => lost + doubled + wrong + problems.length === 0);
  return isClean ? 0 : 1;
}

// Servers go when the process exits.
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
process.exit(await main(process.argv.slice(2)));
