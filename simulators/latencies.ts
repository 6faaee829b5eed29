/**
 * Quantiles of any number of durations in little room: counts in buckets whose bounds grow by 2 %, from 10 microseconds
 * to about 20 minutes. A quantile is the upper bound of its bucket, so at most 2 % too high.
 */
const growth = Math.log(1.02);
const smallestMs = 0.01;

export class Latencies {
  readonly #counts = new Float64Array(950);
  #total = 0;

  /** `weight` durations of the same length. */
  add(durationMs: number, weight = 1): void {
    const bucket = Math.ceil(Math.log(Math.max(durationMs, smallestMs) / smallestMs) / growth);
    const index = Math.min(bucket, this.#counts.length - 1);
    this.#counts[index] = (this.#counts[index] ?? 0) + weight;
    this.#total += weight;
  }

  addAll(others: Latencies): void {
    for (const [bucket, count] of others.#counts.entries()) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
    this.#total += others.#total;
  }

  /** `q` from 0 to 1; undefined when there are none. */
  quantileMs(q: number): number | undefined {
    const rank = Math.max(1, Math.ceil(q * this.#total));
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= rank) return smallestMs * Math.exp(bucket * growth);
    }
    return undefined;
  }
}
