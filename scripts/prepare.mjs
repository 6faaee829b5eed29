// What has to be there before anything runs: the dependencies that package-lock.json names, and dist/ built from the
// sources. Each step is done only when it is still to be done, and says so; a second start costs a few milliseconds.
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const modules = path.join(root, 'node_modules');
const installStamp = path.join(modules, '.inlet-installed');

/** Standard error, so that standard output stays the server's own. */
function say(text) {
  process.stderr.write(`${text}\n`);
}

/**
 * Makes the project runnable.
 * @param {{ development: boolean }} options development also installs what tests, checks and benchmarks need
 */
export async function prepare({ development }) {
  installDependencies(development);
  const { isBuilt, build } = await import('./build.mjs');
  if (!isBuilt()) {
    say('Building …');
    await build();
  }
}

function installDependencies(development) {
  const lockHash = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  const installed = existsSync(installStamp) ? readFileSync(installStamp, 'utf8').split(' ') : [];
  if (installed[0] === lockHash && (!development || installed[1] === 'all')) return;
  // npm empties what a link points to, which is somebody else's.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) {
    say(
      `${modules} is a link, and what it points to does not fit package-lock.json. Remove the link and run this again.`,
    );
    process.exit(1);
  }
  say(development ? 'Installing dependencies for development (about a minute) …' : 'Installing dependencies …');
  const args = [
    'ci',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    ...(development ? ['--include=dev'] : ['--omit=dev']),
  ];
  const npm = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (npm.status !== 0) {
    say(`"npm ${args.join(' ')}" failed; the lines above say why. Mend that and run the same command again.`);
    process.exit(1);
  }
  if (development) buildTestRunner();
  writeFileSync(installStamp, `${lockHash} ${development ? 'all' : 'production'}`);
}

/** tap keeps its test class in node_modules, built for the plugins that .taprc names. */
function buildTestRunner() {
  spawnSync(path.join(modules, '.bin', 'tap'), ['build'], { cwd: root, stdio: ['ignore', 2, 2] });
}
