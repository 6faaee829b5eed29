import { readdirSync, readlinkSync } from 'node:fs';
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
  // The link is to `…/task/1234`, of the thread that reads it.
  onLinux(() => setBack(Number(path.basename(readlinkSync('/proc/thread-self')))));
}

/** Lets the threads step back that come into being during this work. Nothing else may make threads meanwhile. */
export async function withThreadsBack<T>(work: () => Promise<T>): Promise<T> {
  let before: string[] = [];
  onLinux(() => (before = threads()));
  const result = await work();
  onLinux(() => {
    for (const thread of threads()) if (!before.includes(thread)) setBack(Number(thread));
  });
  return result;
}

function onLinux(act: () => void): void {
  if (process.platform !== 'linux') return;
  try {
    act();
  } catch (error) {
    process.emitWarning(`a thread keeps its priority: ${String(error)}`);
  }
}

function threads(): string[] {
  return readdirSync('/proc/self/task');
}

function setBack(thread: number): void {
  os.setPriority(thread, Math.min(os.getPriority(thread) + niceness, mostNiceness));
}
