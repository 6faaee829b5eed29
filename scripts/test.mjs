// `npm test`: installs and builds when that is still to be done, runs every test file, and ends with one line,
// `N passed, N failed`, which counts assertions. Arguments pick the files whose path contains one of them:
// `npm test -- spool crash/kill`. With --coverage it also measures src/, and fails below the threshold.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { filesBelow } from './files.mjs';
import { prepare, root } from './prepare.mjs';

const coverage = [
  '--coverage-report=text-summary',
  '--coverage-exclude=dist/test/**',
  '--coverage-exclude=dist/simulators/**',
  '--coverage-exclude=dist/bench/**',
  '--lines=85',
  '--statements=85',
  '--functions=85',
  '--branches=80',
];

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const measured = process.argv.includes('--coverage');

await prepare({ development: true });
const files = testFiles();
if (files.length === 0) fail(`no test file has ${wanted.join(' or ')} in its path`);
process.exitCode = run(files);

function testFiles() {
  return filesBelow(path.join(root, 'dist', 'test'), '.test.js')
    .map((file) => path.relative(root, file))
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
}

function run(files) {
  const directory = mkdtempSync(path.join(tmpdir(), 'inlet-test-'));
  const results = path.join(directory, 'results.tap');
  const options = ['--reporter=base', `--output-file=${results}`, ...(measured ? coverage : ['--disable-coverage'])];
  const tap = spawnSync(path.join(root, 'node_modules', '.bin', 'tap'), [...options, ...files], {
    cwd: root,
    stdio: 'inherit',
    // Else the reporter repaints its summary for every assertion, which fills the log of a machine.
    env: { ...process.env, CONTINUOUS_INTEGRATION: 'true' },
  });
  const { passed, failed } = countAssertions(readFileSync(results, 'utf8'));
  rmSync(directory, { recursive: true });
  // A line of its own, whatever the reporter wrote last.
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed > 0 || tap.status === null ? 1 : tap.status;
}

/** The totals that tap writes last: `# { total: 181, pass: 179, fail: 2 }`, without what is 0. */
function countAssertions(results) {
  const totals = [...results.matchAll(/^# \{ (.*) \}$/gm)].at(-1)?.[1];
  if (totals === undefined) fail('tap did not finish');
  const count = (name) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(totals)?.[1] ?? 0);
  const passed = count('pass');
  return { passed, failed: count('total') - passed };
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
