/** The JSON Schemas that clients and service share, as they lie in schemas/. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './settings.js';

/** Name (`receipt` for receipt.schema.json) to content. */
export function readSharedSchemas(): Record<string, Record<string, unknown>> {
  const directory = path.join(projectRoot, 'schemas');
  const files = readdirSync(directory).filter((name) => name.endsWith('.schema.json'));
  return Object.fromEntries(
    files.map((file) => [
      file.slice(0, -'.schema.json'.length),
      JSON.parse(readFileSync(path.join(directory, file), 'utf8')) as Record<string, unknown>,
    ]),
  );
}
