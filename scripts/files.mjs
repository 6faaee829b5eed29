// What the scripts ask of a directory. It imports nothing that has to be installed, so that a script may use it before
// the dependencies are there.
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

export function typescriptFiles(directory) {
  return filesBelow(directory, '.ts').filter((file) => !file.endsWith('.d.ts'));
}

export function filesBelow(directory, suffix) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** The newest modification time, in milliseconds, of any file below `directory`. */
export function newestChange(directory) {
  if (!existsSync(directory)) return 0;
  let newest = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    // What a benchmark or an editor leaves beside the sources does not make them newer.
    if (entry.isFile() && /\.(ts|mjs|html|css|svg)$/.test(entry.name))
      newest = Math.max(newest, statSync(path.join(entry.parentPath, entry.name)).mtimeMs);
  }
  return newest;
}
