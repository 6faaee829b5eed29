// Builds dist/ from the TypeScript sources, file by file (types are checked by `npm run types`), and bundles the
// dashboard for the browser. dist/ mirrors the repository, so a path relative to a source file holds in both.
import { build as esbuild } from 'esbuild';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { newestChange, typescriptFiles } from './files.mjs';
import { root } from './prepare.mjs';

const programs = ['src', 'simulators', 'bench', 'test'];
const sources = [...programs, 'dashboard', 'scripts'];
const dist = path.join(root, 'dist');
const stamp = path.join(dist, '.built');

export function isBuilt() {
  if (!existsSync(stamp)) return false;
  const builtAt = statSync(stamp).mtimeMs;
  return sources.every((directory) => newestChange(path.join(root, directory)) < builtAt);
}

export async function build() {
  const startedAt = Date.now();
  rmSync(dist, { recursive: true, force: true });
  await Promise.all([buildPrograms(), buildDashboard()]);
  writeFileSync(stamp, '');
  // The stamp is as old as the start of the build: a file saved meanwhile makes it stale.
  utimesSync(stamp, startedAt / 1000, startedAt / 1000);
}

async function buildPrograms() {
  await esbuild({
    entryPoints: programs.flatMap((directory) => typescriptFiles(path.join(root, directory))),
    outdir: dist,
    outbase: root,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    logLevel: 'warning',
  });
}

async function buildDashboard() {
  const from = path.join(root, 'dashboard');
  const to = path.join(dist, 'dashboard');
  mkdirSync(to, { recursive: true });
  for (const page of readdirSync(from).filter((name) => /\.(html|svg|ico)$/.test(name))) {
    cpSync(path.join(from, page), path.join(to, page));
  }
  await esbuild({
    entryPoints: [path.join(from, 'main.ts'), path.join(from, 'style.css')],
    outdir: to,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    sourcemap: true,
    logLevel: 'warning',
  });
}

if (process.argv[1] === path.join(root, 'scripts', 'build.mjs')) await build();
