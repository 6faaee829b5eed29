/**
 * When what was published goes out: together with all else of this turn of the event loop. To thousands of subscriptions that
 * takes long; then everybody else (devices before all) has the loop for as long as it took before it begins again, and what
 * comes meanwhile goes out in fewer, larger messages.
 */

/** A pass that was shorter needs no rest: a timer would take longer. */
const shortestRestMs = 1;

export class Turn {
  readonly #pass: () => void;
  #cancel: (() => void) | undefined;
  #restUntilMs = 0;

  constructor(pass: () => void) {
    this.#pass = pass;
  }

  /** There is something to go out. */
  soon(): void {
    this.#cancel ??= this.#schedule();
  }

  /** Nothing is left to go out when this returns. */
  now(): void {
    if (this.#cancel) this.#run();
  }

  #schedule(): () => void {
    const restMs = this.#restUntilMs - performance.now();
    if (restMs < shortestRestMs) {
      const immediate = setImmediate(() => this.#run());
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(() => this.#run(), restMs);
    return () => clearTimeout(timer);
  }

  #run(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const beganMs = performance.now();
    this.#pass();
    const endedMs = performance.now();
    this.#restUntilMs = endedMs + (endedMs - beganMs);
  }
}
