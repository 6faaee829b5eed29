export interface BackoffOptions {
  /** Upper bound of the first pause. */
  firstMs?: number;
  /** Upper bound of any pause. */
  maxMs?: number;
  /** 0 (included) to 1 (excluded); given by tests. */
  random?: () => number;
}

/**
 * Pauses between attempts: exponential with full jitter, a random time between nothing and a bound that doubles. The
 * jitter is what spreads out a fleet whose connections all broke in the same moment.
 */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #failures = 0;

  constructor(options: BackoffOptions = {}) {
    this.#firstMs = options.firstMs ?? 250;
    this.#maxMs = options.maxMs ?? 30_000;
    this.#random = options.random ?? Math.random;
  }

  /** The pause before the next attempt; `atLeastMs` is what the server asked for, and the jitter comes on top of it. */
  nextMs(atLeastMs = 0): number {
    const boundMs = Math.min(this.#maxMs, this.#firstMs * 2 ** this.#failures);
    if (boundMs < this.#maxMs) this.#failures++;
    return Math.round(atLeastMs + this.#random() * boundMs);
  }

  /** An attempt went well. */
  reset(): void {
    this.#failures = 0;
  }
}
