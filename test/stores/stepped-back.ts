import { readdirSync } from 'node:fs';
import os from 'node:os';

/** Threads of this process that step back behind its others. Linux alone has priorities of threads. */
export function steppedBack(): number[] {
  const own = os.getPriority();
  return readdirSync('/proc/self/task')
    .map(Number)
    .filter((thread) => os.getPriority(thread) > own);
}
