import { readlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Above what the process has. A thread with as much is left a third of the time that another one gets beside it. */
const niceness = 5;
const mostNiceness = 19;

/**
 * Lets the process's other threads go first where there are fewer cores than work: an acknowledgement waits for the main
 * one, and what is acknowledged can wait for this one. Linux alone has priorities of threads; elsewhere all stays as it is.
 */
export function stepBack(): void {
  if (process.platform !== 'linux') return;
  try {
    // Of the thread that reads it: `…/task/1234`.
    const thread = Number(path.basename(readlinkSync('/proc/thread-self')));
    os.setPriority(thread, Math.min(os.getPriority(thread) + niceness, mostNiceness));
  } catch (error) {
    process.emitWarning(`a worker keeps its priority: ${String(error)}`);
  }
}
