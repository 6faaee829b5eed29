// Holds the imports to the rooms that .dependency-cruiser.cjs draws: `node scripts/boundaries.mjs [directory]`.
// It fails too when a source file was not read: a checker that reads nothing finds nothing wrong.
import { cruise } from 'dependency-cruiser';
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { typescriptFiles } from './files.mjs';
import { root } from './prepare.mjs';

const rooms = ['src', 'dashboard', 'simulators', 'bench', 'test'];
const fewestModules = 20;

const directory = path.resolve(process.argv[2] ?? root);
const roomsThere = rooms.filter((room) => existsSync(path.join(directory, room)));
const { options, forbidden } = createRequire(import.meta.url)('../.dependency-cruiser.cjs');
const { output } = await cruise(roomsThere, {
  ...options,
  ruleSet: { forbidden },
  validate: true,
  baseDir: directory,
});

const read = new Set(output.modules.map((module) => module.source));
const unread = roomsThere
  .flatMap((room) => typescriptFiles(path.join(directory, room)))
  .map((file) => path.relative(directory, file))
  .filter((file) => !read.has(file));

const complaints = [
  ...output.summary.violations.map(({ rule, from, to }) => `${from} → ${to}: ${rule.name}`),
  ...unread.map((file) => `${file} was not read`),
  ...(read.size < fewestModules ? [`only ${read.size} modules were read`] : []),
];
for (const complaint of complaints) console.log(complaint);
if (complaints.length > 0) process.exitCode = 1;
else console.log(`${read.size} modules read, every import within its bounds`);
