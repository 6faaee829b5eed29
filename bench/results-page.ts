/** bench/RESULTS.md, made of the JSON results and nothing else. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cells, columns } from './report.js';
import type { Result } from './result.js';

/** With fewer a median says nothing on a machine that others use as well. */
export const fewestPairs = 5;

const introduction = `# What was measured

Made by \`npm run bench\` from \`bench/results/*.json\`; not written by hand.

Figures of one machine on one day. What holds elsewhere too is the ratio: our server and the bare one are measured in
turn (ours, bare, ours, bare, …), each run with a fresh process, and the ratio is the median of the pairs' ratios. The
load runs beside them on the same machine.

One shape of reading everywhere: 1,000 devices, 2 tags, 2 floats and 1 string, times in milliseconds, in order. Its type is
\`machine\`, which has a schema, so ours checks every reading with it. Every connection has devices of its own. An answer
other than the acknowledgement ends the run, and at the end the server's own count has to be the load's.
`;

/** @param directory of `results/`; the page goes there as well */
export function writeResultsPage(directory: string, order: readonly string[]): void {
  const results = readResults(path.join(directory, 'results'));
  const known = order.flatMap((name) => results.filter((result) => result.case === name));
  writeFileSync(path.join(directory, 'RESULTS.md'), [introduction, ...known.map(section)].join('\n'));
}

export function readResults(directory: string): Result[] {
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
  return files.map((file) => JSON.parse(readFileSync(path.join(directory, file), 'utf8')) as Result);
}

function section(result: Result): string {
  const { title, how, command, at, pairs, seconds, versions, machine, lines } = result;
  const isPaired = lines.some(({ kind }) => kind === 'ratio');
  const runs = isPaired ? `${pairs} pairs, ${seconds} s each` : `${pairs} runs`;
  const rows =
    pairs < fewestPairs
      ? [`Only ${runs}: not a figure to go by, so none is shown.`]
      : [columns, columns.map(() => '---'), ...lines.map(cells)].map((row) => `| ${row.join(' | ')} |`);
  return [
    `## ${title}\n`,
    ...how.map((sentence) => `- ${sentence}`),
    '',
    ...rows,
    '',
    `\`${command}\` (${runs}) on ${at.slice(0, 10)}: inlet ${versions.inlet}, node ${versions.node}, ${machine.cpu}, ` +
      `${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}.`,
    '',
  ].join('\n');
}
