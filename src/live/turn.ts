/**
 * When what was published goes out: together with all else of this turn of the event loop. To thousands of subscriptions that
 * takes long, so it is done in slices. Between two of them everybody else (devices before all) has the loop until nothing waits
 * there, but no longer than the slice took; and what was published meanwhile goes out with the next one.
 */

/** A slice is ended with the step that brings it above so much. */
const sliceMs = 5;
/** One that was shorter needs no rest. */
const shortestRestMs = 1;
/** A turn of the loop that took longer had something to do. */
const idleTurnMs = 0.2;

export interface TurnSteps {
  /** Takes in what was published. */
  begin(): void;
  /** @returns whether anything is left to go out */
  step(): boolean;
}

export class Turn {
  readonly #steps: TurnSteps;
  #isWaiting = false;
  #immediate: NodeJS.Immediate | undefined;
  #restUntilMs = 0;
  #lookedMs = 0;

  constructor(steps: TurnSteps) {
    this.#steps = steps;
  }

  /** There is something to go out. */
  soon(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#await();
  }

  /** Nothing is left to go out when this returns. */
  now(): void {
    if (!this.#isWaiting) return;
    clearImmediate(this.#immediate);
    this.#isWaiting = false;
    this.#steps.begin();
    while (this.#steps.step());
  }

  #await(): void {
    this.#immediate = setImmediate(() => this.#look());
  }

  #look(): void {
    const now = performance.now();
    const isLoopBusy = now - this.#lookedMs > idleTurnMs;
    this.#lookedMs = now;
    if (isLoopBusy && now < this.#restUntilMs) this.#await();
    else this.#slice(now);
  }

  #slice(beganMs: number): void {
    this.#isWaiting = false;
    this.#steps.begin();
    let isLeft = this.#steps.step();
    while (isLeft && performance.now() - beganMs < sliceMs) isLeft = this.#steps.step();
    const endedMs = performance.now();
    const tookMs = endedMs - beganMs;
    this.#restUntilMs = tookMs < shortestRestMs ? 0 : endedMs + tookMs;
    this.#lookedMs = endedMs;
    if (isLeft) this.soon();
  }
}
