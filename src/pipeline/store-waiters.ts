/** Those who wait until the store has what they sent. */
export class StoreWaiters {
  #waiters: { position: number; answer: (isStored: boolean) => void }[] = [];
  #isOver = false;

  get isEmpty(): boolean {
    return this.#waiters.length === 0;
  }

  /** @returns whether the reading before `position` is delivered before the time is over */
  async wait(position: number, timeoutMs: number): Promise<boolean> {
    if (this.#isOver) return false;
    return new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(false);
      }, timeoutMs);
      const answer = (isStored: boolean) => {
        clearTimeout(timer);
        resolve(isStored);
      };
      const waiter = { position, answer };
      this.#waiters.push(waiter);
    });
  }

  /** The readings from `from` to before `to` are delivered. */
  pass(from: number, to: number): void {
    const isPassed = ({ position }: { position: number }) => position > from && position <= to;
    const passed = this.#waiters.filter(isPassed);
    if (passed.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !isPassed(waiter));
    for (const { answer } of passed) answer(true);
  }

  /** Answers everybody, and nobody can wait from then on. */
  end(): void {
    this.#isOver = true;
    for (const { answer } of this.#waiters) answer(false);
    this.#waiters = [];
  }
}
