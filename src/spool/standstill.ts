/**
 * What follows a failed write or sync: nothing is taken, and after a while it is tried to go on in a new segment, again and
 * again until that is durable.
 */
import { Refusal } from '../domain/refusal.js';

export interface StandstillOptions {
  retryEveryMs: number;
  onFailure: ((reason: Error) => void) | undefined;
  onRecovery: (() => void) | undefined;
}

const retryAfterMs = 5000;

export class Standstill {
  readonly #goOn: () => Promise<void>;
  readonly #options: StandstillOptions;
  #refusal: Refusal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #trying: Promise<void> | undefined;
  #isStopped = false;

  /** @param goOn makes the segment that the log goes on in */
  constructor(goOn: () => Promise<void>, options: StandstillOptions) {
    this.#goOn = goOn;
    this.#options = options;
  }

  /** Why nothing is taken; undefined while all is well. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** @returns what to tell those who waited for what failed */
  begin(error: Error): Refusal {
    const refusal = error instanceof Refusal ? error : refusalOf(error);
    if (this.#refusal) return refusal;
    this.#refusal = refusal;
    this.#options.onFailure?.(refusal);
    this.#tryLater();
    return refusal;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#trying;
  }

  #tryLater(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#trying = this.#try();
    }, this.#options.retryEveryMs);
  }

  async #try(): Promise<void> {
    try {
      await this.#goOn();
    } catch {
      // Told when it began.
      this.#tryLater();
      return;
    }
    this.#refusal = undefined;
    this.#options.onRecovery?.();
  }
}

function refusalOf(error: Error): Refusal {
  return isFull(error)
    ? new Refusal('spool_full', 'the disk of the spool is full', retryAfterMs)
    : new Refusal('spool_failed', `the spool cannot be written: ${error.message}`, retryAfterMs);
}

export function isFull({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT';
}
