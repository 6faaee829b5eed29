/** What is said of several runs: the middle one, and how far the others lie from it. */

export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** @param values at least one */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >>> 1;
  const upper = sorted[middle];
  const lower = sorted[sorted.length - 1 - middle];
  if (upper === undefined || lower === undefined) throw new Error('there is no median of nothing');
  return { median: (lower + upper) / 2, min: sorted[0]!, max: sorted.at(-1)! };
}
