/** How long instances are waited for that cannot be asked, or that were never heard of. */
import type { Clock } from '../ports/clock.js';

const patienceMs = 10_000;
const askAgainMs = 200;

interface Waiting {
  untilMs: number;
  askMs: number;
}

export class Patience {
  readonly #clock: Clock;
  readonly #waits = new Map<string, Waiting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it is time to ask it, for the first time or again. */
  mayAsk(name: string): boolean {
    return (this.#waits.get(name)?.askMs ?? 0) <= this.#clock.now();
  }

  /** It could not be asked. @returns whether to go on waiting for it; else it is forgotten */
  waitsFor(name: string): boolean {
    const now = this.#clock.now();
    const { untilMs } = this.#waits.get(name) ?? { untilMs: now + patienceMs };
    if (now < untilMs) this.#waits.set(name, { untilMs, askMs: now + askAgainMs });
    else this.forget(name);
    return now < untilMs;
  }

  /** It has answered. */
  forget(name: string): void {
    this.#waits.delete(name);
  }
}
