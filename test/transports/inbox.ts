/** Messages in the order in which they came, for one who asks for them one by one. */

const patienceMs = 10_000;

export class Inbox<Message> {
  readonly #messages: Message[] = [];
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  get size(): number {
    return this.#messages.length;
  }

  put(message: Message): void {
    this.#messages.push(message);
    this.#wake?.();
  }

  /** From now on asking fails. */
  fail(reason: Error): void {
    this.#failure = reason;
    this.#wake?.();
  }

  async take(): Promise<Message> {
    if (this.#messages.length === 0 && !this.#failure) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          this.#failure = new Error(`no message came within ${patienceMs} ms`);
          resolve();
        }, patienceMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    const message = this.#messages.shift();
    if (message === undefined) throw this.#failure ?? new Error('the inbox is empty');
    return message;
  }
}
