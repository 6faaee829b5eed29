/** Those who wait for more readings to be durable. */
export class HeadWaiters {
  #wakers: (() => void)[] = [];

  /** Until the next `wake`, or until the signal says that nobody waits any more. */
  async wait(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      signal.addEventListener('abort', wake);
      this.#wakers.push(wake);
    });
  }

  wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }
}
