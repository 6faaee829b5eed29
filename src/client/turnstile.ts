interface Waiting {
  attempt: () => boolean;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Callers that wait for something to become possible, let through one after another in the order in which they came. */
export class Turnstile {
  readonly #waiting: Waiting[] = [];

  /**
   * Resolves once `attempt` returned true. The attempt itself takes what it asks for (room in a buffer, say), so that
   * nobody else can take it in between.
   */
  async pass(attempt: () => boolean): Promise<void> {
    if (this.#waiting.length === 0 && attempt()) return;
    await new Promise<void>((resolve, reject) => this.#waiting.push({ attempt, resolve, reject }));
  }

  /** Something changed: lets through whom it can. */
  turn(): void {
    while (this.#waiting[0]?.attempt()) this.#waiting.shift()?.resolve();
  }

  /** Sends everybody away. */
  close(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
