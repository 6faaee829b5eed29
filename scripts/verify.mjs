// `npm run verify`: everything that has to hold before a change goes in, the quick checks first. One line for each step;
// the first that fails shows its output and ends it.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { prepare, root } from './prepare.mjs';

const steps = [
  ['format', 'prettier', '--check', '.'],
  ['lint', 'oxlint', '--type-aware'],
  ['types', 'tsc', '--noEmit', '-p', '.'],
  ['boundaries', 'node', 'scripts/boundaries.mjs'],
  ['generated types', 'node', 'scripts/generate-types.mjs', '--check'],
  ['settings table', 'node', 'scripts/settings-table.mjs', '--check'],
  ['tests', 'node', 'scripts/test.mjs', '--coverage'],
];

await prepare({ development: true });
for (const [name, command, ...args] of steps) {
  const startedAt = Date.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, PATH: `${path.join(root, 'node_modules', '.bin')}${path.delimiter}${process.env.PATH}` },
  });
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  if (status !== 0) {
    console.log(`FAILED  ${name} (${seconds} s)\n${stdout}${stderr}${error ?? ''}`);
    process.exit(1);
  }
  console.log(`ok  ${name} (${seconds} s)${lastLine(stdout)}`);
}

/** What a step says of itself, such as the count of tests. */
function lastLine(output) {
  const line = output.trim().split('\n').at(-1).trim();
  return line === '' ? '' : `: ${line}`;
}
