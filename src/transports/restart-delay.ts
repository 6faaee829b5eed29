/** Those who are sent away at a restart are not all to come back in the same moment: each is told a delay of its own. */

/** How many may come back in a millisecond. */
const returningPerMs = 1;
const longestDelayMs = 30_000;

/** @param random 0 (included) to 1 (excluded) */
export function restartDelayMs(sentAway: number, random: number = Math.random()): number {
  return Math.floor(random * Math.min(longestDelayMs, sentAway / returningPerMs));
}
