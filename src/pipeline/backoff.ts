/** Waiting times between attempts: doubled each time, with full jitter, so that many clients do not come back at once. */
export class Backoff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  failures = 0;

  constructor({ firstMs, longestMs }: { firstMs: number; longestMs: number }) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
  }

  reset(): void {
    this.failures = 0;
  }

  /** @param atLeastMs what the other side asked for */
  async wait(signal: AbortSignal, atLeastMs = 0): Promise<void> {
    const ceiling = Math.min(this.#longestMs, this.#firstMs * 2 ** this.failures++);
    const delay = Math.max(atLeastMs, ceiling / 2 + (Math.random() * ceiling) / 2);
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, delay);
      signal.addEventListener('abort', done);
    });
  }
}
