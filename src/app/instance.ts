/** The name of this instance, in cursors and between instances: random, made with the data directory, 8 hex digits. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

export async function instanceName(dataDirectory: string): Promise<string> {
  const file = path.join(dataDirectory, 'instance');
  try {
    const name = (await readFile(file, 'utf8')).trim();
    if (/^[0-9a-f]{8}$/.test(name)) return name;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const name = randomBytes(4).toString('hex');
  await writeFile(file, `${name}\n`, { flush: true });
  return name;
}
