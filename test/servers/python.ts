/** Debian's Python, with Debian's library for WebSockets: what examples in Python run with. */
import { spawnSync } from 'node:child_process';

export const python = '/usr/bin/python3';

/**
 * Whether this machine has no Python with `websockets`; then it is said loudly that a suite did not run. Where `CI` is set
 * that is an error: a suite that never runs proves nothing.
 */
export function pythonIsMissing(suite: string): boolean {
  if (spawnSync(python, ['-c', 'import websockets']).status === 0) return false;
  const message = `${suite} DID NOT RUN: there is no ${python} with the library websockets on this machine`;
  if (process.env['CI']) throw new Error(message);
  process.stderr.write(`\n!!! ${message}\n\n`);
  return true;
}
