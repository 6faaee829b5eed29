/**
 * What those are told who are sent away at a restart, so that they do not all come back in the same moment: a close
 * reason such as `restart; retry-after-ms=1250`, another delay for each. The server knows how many there are.
 */

/** How many may come back in a millisecond. */
const returningPerMs = 1;
const longestDelayMs = 30_000;

/** @param random 0 (included) to 1 (excluded) */
export function restartNotice(openSockets: number, random: number = Math.random()): string {
  const spreadMs = Math.min(longestDelayMs, openSockets / returningPerMs);
  return `restart; retry-after-ms=${Math.floor(random * spreadMs)}`;
}
