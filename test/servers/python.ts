/** Debian's Python, with Debian's library for WebSockets: what examples in Python run with. */
import { spawnSync } from 'node:child_process';
import { isMissing } from './missing.js';

export const python = '/usr/bin/python3';

export function pythonIsMissing(suite: string): boolean {
  const { status } = spawnSync(python, ['-c', 'import websockets']);
  return isMissing(suite, `${python} with the library websockets`, status === 0);
}
