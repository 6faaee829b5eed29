/** For what becomes so a moment later. */
import { setTimeout as pause } from 'node:timers/promises';

const usualPatienceMs = 5_000;

/** @returns whether it is so before patience ends */
export async function until(isSo: () => Promise<boolean>, patienceMs = usualPatienceMs): Promise<boolean> {
  const deadline = Date.now() + patienceMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) return false;
    await pause(10);
  }
  return true;
}
