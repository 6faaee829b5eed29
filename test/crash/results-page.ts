/** test/crash/RESULTS.md, made of the JSON results in test/crash/results/ and nothing else. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { machine, versions } from '../../bench/result.js';
import { count } from '../../simulators/terminal.js';
import type { FaultCase } from './fault-case.js';
import type { Tally } from './tally.js';

export interface FaultResult {
  name: string;
  fault: string;
  how: string;
  unit: string;
  at: string;
  minutes: number;
  seed: number;
  tries: number;
  acked: number;
  lost: number;
  doubled: number;
  wrong: number;
  /** From the start of a process to its ready line; null where none was started again. */
  readyAgainMs: { median: number; p95: number; max: number } | null;
  problems: string[];
  notes: string[];
  versions: ReturnType<typeof versions>;
  machine: ReturnType<typeof machine>;
  /** Processes that wanted a processor, over 15 minutes at the end. */
  loadAverage?: number;
}

type Circumstances = Pick<FaultResult, 'notes' | 'seed' | 'minutes' | 'versions' | 'machine' | 'loadAverage'>;

export function resultOf({ name, fault, how, unit }: FaultCase, tally: Tally, around: Circumstances): FaultResult {
  const { tries, acked, lost, doubled, wrong, problems } = tally;
  const times = [...tally.readyAgainMs].sort((a, b) => a - b);
  const rank = (share: number) => Math.round(times[Math.ceil(times.length * share) - 1]!);
  const readyAgainMs = times.length === 0 ? null : { median: rank(0.5), p95: rank(0.95), max: rank(1) };
  const at = new Date().toISOString();
  return { name, fault, how, unit, at, tries, acked, lost, doubled, wrong, readyAgainMs, problems, ...around };
}

export const columns = ['fault', 'tries', 'acknowledged', 'lost', 'doubled', 'wrong', 'ready again'];

/** One row for all runs of a fault. */
export function cells(runs: readonly FaultResult[]): string[] {
  const { fault, unit } = runs[0]!;
  const sum = (key: 'tries' | 'acked' | 'lost' | 'doubled' | 'wrong') =>
    count(runs.reduce((total, run) => total + run[key], 0));
  const ready = runs.flatMap(({ readyAgainMs }) => (readyAgainMs ? [readyAgainMs] : []));
  const medians = ready.map(({ median }) => seconds(median)).join(' and ');
  const most = seconds(Math.max(...ready.map(({ max }) => max)));
  const again = ready.length > 0 ? `median ${medians}, at most ${most}` : '';
  return [fault, `${sum('tries')} ${unit}`, sum('acked'), sum('lost'), sum('doubled'), sum('wrong'), again];
}

const introduction = `# What was done to Inlet, and what it lost

Made by \`npm run test:faults\` from \`test/crash/results/*.json\`; not written by hand.

An oracle writes down every reading that was acknowledged, and reads them all back from the store: *lost* was acknowledged and
is not there, *doubled* is there more than once, *wrong* has other values, or a count that does not close: received =
accepted + rejected, accepted = stored + quarantined + discarded + pending, with pending counted by walking the spool and
stored by asking the store. *Acknowledged* counts distinct readings; a try is what the column says.
*Ready again* is from the start of a process to its ready line, beside whatever else the machine did at that time: the load that
the system reports is told where it was written down.
`;

export function readRuns(directory: string, name: string): FaultResult[] {
  const file = path.join(directory, 'results', `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as FaultResult[]) : [];
}

export function writeResultsPage(directory: string, order: readonly FaultCase[]): void {
  const results = order.map(({ name }) => readRuns(directory, name)).filter((runs) => runs.length > 0);
  const rows = [columns, columns.map(() => '---'), ...results.map(cells)].map((row) => `| ${row.join(' | ')} |`);
  writeFileSync(path.join(directory, 'RESULTS.md'), [introduction, ...rows, '', ...results.map(section)].join('\n'));
}

function section(runs: readonly FaultResult[]): string {
  const { fault, how } = runs[0]!;
  return [`## ${fault}\n`, `${how[0]!.toUpperCase()}${how.slice(1)}.\n`, ...runs.map(paragraphs)].join('\n');
}

function paragraphs(run: FaultResult): string {
  const { name, tries, unit, notes, problems, at, minutes, seed, versions, machine, readyAgainMs, loadAverage } = run;
  const load = loadAverage === undefined ? '' : `, load average ${loadAverage.toFixed(1)}`;
  const ready = readyAgainMs
    ? [`Ready again: median ${seconds(readyAgainMs.median)}, 95 % within ${seconds(readyAgainMs.p95)}.`]
    : [];
  return [
    ...[...notes, ...ready, ...problems.map((problem) => `PROBLEM: ${problem}`)].map((note) => `- ${note}`),
    '',
    `\`npm run test:faults -- ${name}\`, ${count(tries)} ${unit} in ${minutes.toFixed(1)} minutes from seed ${seed} on ` +
      `${at.slice(0, 10)}: inlet ${versions.inlet}, node ${versions.node}, ${machine.cpu}, ${machine.cores} cores, ` +
      `${machine.memoryGiB} GiB, ${machine.system}${load}.`,
    '',
  ].join('\n');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
