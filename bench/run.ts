/** `npm run bench`: measures, prints and keeps the figures. `--help` says what it takes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { help, readArguments, WrongArgument, type Settings } from './arguments.js';
import { allCases } from './cases/all.js';
import type { Case } from './cases/case.js';
import { describeResult } from './report.js';
import { machine, versions, type Result } from './result.js';
import { writeResultsPage } from './results-page.js';
import { Scratch } from './scratch.js';

async function runCase(one: Case, settings: Settings): Promise<Result> {
  const { pairs, seconds, spoolMiB, connections, readings, profile, command } = settings;
  const scratch = new Scratch();
  scratch.start();
  try {
    // Progress goes to standard error, so that standard output is the figures.
    const say = (text: string) => void process.stderr.write(`${one.name}: ${text}\n`);
    const lines = await one.run({ pairs, seconds, spoolMiB, connections, readings, scratch, profile, say });
    const { name, title, how } = one;
    const at = new Date().toISOString();
    return {
      case: name,
      title,
      how,
      command,
      at,
      pairs,
      seconds,
      versions: versions(),
      machine: machine(),
      lines,
    };
  } finally {
    scratch.stop();
  }
}

function keep(result: Result, directory: string): void {
  const results = path.join(directory, 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(path.join(results, `${result.case}.json`), `${JSON.stringify(result, null, 2)}\n`);
  writeResultsPage(
    directory,
    allCases.map(({ name }) => name),
  );
}

async function bench(settings: Settings): Promise<void> {
  for (const one of settings.cases) {
    const result = await runCase(one, settings);
    console.log(`${describeResult(result)}\n`);
    if (settings.out !== undefined) keep(result, settings.out);
  }
}

async function main(args: string[]): Promise<number> {
  try {
    const settings = readArguments(args);
    if (settings === 'help') console.log(help);
    else if (settings === 'list') for (const { name, title } of allCases) console.log(`${name.padEnd(16)}${title}`);
    else await bench(settings);
    return 0;
  } catch (error) {
    if (!(error instanceof WrongArgument)) throw error;
    console.error(`${error.message}\nnpm run bench -- --help tells what there is.`);
    return 2;
  }
}

// The servers and their data go when the process exits, and only then.
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
process.exit(await main(process.argv.slice(2)));
