/** The command line of `npm run bench`: text in, either what is to be measured or what is wrong out. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../src/config/settings.js';
import { allCases } from './cases/all.js';
import type { Case } from './cases/case.js';
import { fewestPairs } from './results-page.js';

export interface Settings {
  cases: readonly Case[];
  pairs: number;
  seconds: number;
  /** Size of the spool that a start finds, and of that which makes the history. */
  spoolMiB: number;
  /** How many `idle` opens; the cases of the live feed open a share of them. */
  connections: number;
  /** That `outage` takes in, and `ack-latency` exports. */
  readings: number;
  /** Where `results/` and RESULTS.md go; undefined when this run is not one to keep. */
  out: string | undefined;
  profile: string | undefined;
  /** The same again, for the reader of the figures. */
  command: string;
}

export const help = `Measures how fast Inlet is, against the least program that could take the same bytes.

  npm run bench -- [CASE …] [options]

  CASE           one of those that --list names; all when none is given
  --pairs N      measurements of ours and of the bare server, in turn (${fewestPairs})
  --seconds S    measured in each, after a warm-up of up to 2 s (5)
  --spool-mib N  size of the spool that \`start\` finds and \`history\` has delivered (1024)
  --connections N  how many \`idle\` opens (10000); the live feed has a half of them, or less, as subscribers
  --readings N   how many \`outage\` takes in while the store refuses, and \`ack-latency\` has taken out (10000000)
  --out DIR      where results/CASE.json and RESULTS.md go (bench; with fewer than ${fewestPairs} pairs, or with
                 --profile, nothing is kept unless DIR is given)
  --profile DIR  also write V8 CPU profiles of our server; it costs speed
  --list         name the cases
  --help         this

No figure fails the run; an answer that is not the acknowledgement does.
Exit codes: 0 measured, 1 something went wrong, 2 wrong arguments.
`;

export class WrongArgument extends Error {}

const options = {
  help: { type: 'boolean', short: 'h' },
  list: { type: 'boolean' },
  pairs: { type: 'string' },
  seconds: { type: 'string' },
  'spool-mib': { type: 'string' },
  connections: { type: 'string' },
  readings: { type: 'string' },
  out: { type: 'string' },
  profile: { type: 'string' },
} as const;

function parse(args: string[]) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: true });
  } catch (error) {
    // Node's sentence goes on about `--` after its first full stop.
    throw new WrongArgument(error instanceof Error ? error.message.split('. ')[0] : String(error));
  }
}

/** @throws WrongArgument */
export function readArguments(args: string[]): Settings | 'help' | 'list' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  if (values.list) return 'list';
  const pairs = integer('pairs', values.pairs ?? String(fewestPairs), 1, 1000);
  const isToKeep = values.out !== undefined || (pairs >= fewestPairs && values.profile === undefined);
  return {
    cases: positionals.length === 0 ? allCases : positionals.map(caseOf),
    pairs,
    seconds: number('seconds', values.seconds ?? '5', 0.1, 3600),
    spoolMiB: number('spool-mib', values['spool-mib'] ?? '1024', 1, 3072),
    connections: integer('connections', values.connections ?? '10000', 1, 1_000_000),
    readings: integer('readings', values.readings ?? '10000000', 1, 100_000_000),
    out: isToKeep ? path.resolve(values.out ?? path.join(projectRoot, 'bench')) : undefined,
    profile: values.profile === undefined ? undefined : path.resolve(values.profile),
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
  };
}

function caseOf(name: string): Case {
  const found = allCases.find((one) => one.name === name);
  const names = allCases.map((one) => one.name).join(', ');
  if (!found) throw new WrongArgument(`${JSON.stringify(name)} is no case; there are ${names}`);
  return found;
}

function number(option: string, text: string, from: number, to: number): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (value >= from && value <= to) return value;
  throw new WrongArgument(`--${option} ${JSON.stringify(text)}: expected a number from ${from} to ${to}`);
}

function integer(option: string, text: string, from: number, to: number): number {
  const value = number(option, text, from, to);
  if (!Number.isInteger(value)) throw new WrongArgument(`--${option} ${value}: expected an integer`);
  return value;
}
