/**
 * A reader of the live feed that comes back when its connection ends, from the last cursor that it had, and knows what it
 * got: the devices count their readings up from 1, so that one that is missing or comes twice shows.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { AnyMessage } from '../../live/live-client.js';

/** One connection, or one run of polls, until it ends. Hands over what comes, and throws or returns at the end. */
export type Session = (reader: Reader, signal: AbortSignal) => Promise<void>;

export class Reader {
  readonly form: string;
  readonly #session: Session;
  readonly #ending = new AbortController();
  #begun: (() => void) | undefined;
  #running: Promise<void> | undefined;
  readonly #last = new Map<string, number>();
  #heardMs = 0;
  cursor: string | undefined;
  /** Before it comes back; the server may ask for another time. */
  retryMs = 500;
  received = 0;
  again = 0;
  skipped = 0;
  gaps = 0;
  breaks = 0;
  longestSilenceMs = 0;

  constructor(form: string, session: Session) {
    this.form = form;
    this.#session = session;
  }

  /** Resolves when it is where what is accepted from now on comes. */
  async start(): Promise<void> {
    const begun = new Promise<void>((resolve) => (this.#begun = resolve));
    this.#running = this.#run();
    await Promise.race([begun, this.#running]);
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  /** The silence counts from now on: readings are being sent. */
  listen(): void {
    this.#heardMs = performance.now();
  }

  moveTo(cursor: string): void {
    this.cursor = cursor;
    this.#begun?.();
  }

  /** A message of the subscription, in any form. */
  take({ subscribed, readings = [], gap, cursor, conflated = 0 }: AnyMessage): void {
    if (gap ?? (this.cursor !== undefined && subscribed?.recovered === false)) this.gaps++;
    this.skipped += conflated;
    for (const { device, fields } of readings) this.#count(device, fields['n'] as number);
    if (readings.length > 0) this.#heard();
    if (cursor !== undefined) this.moveTo(cursor);
  }

  /** Of the readings that were sent, by device, those that never came. */
  missing(sent: ReadonlyMap<string, number>): number {
    let missing = this.skipped;
    for (const [device, count] of sent) missing += count - (this.#last.get(device) ?? 0);
    return missing;
  }

  #count(device: string, n: number): void {
    const last = this.#last.get(device) ?? 0;
    this.received++;
    if (n <= last) {
      this.again++;
      return;
    }
    this.skipped += n - last - 1;
    this.#last.set(device, n);
  }

  #heard(): void {
    const now = performance.now();
    this.longestSilenceMs = Math.max(this.longestSilenceMs, now - this.#heardMs);
    this.#heardMs = now;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      // However it ended, it comes back.
      await this.#session(this, signal).catch(() => undefined);
      if (signal.aborted) return;
      this.breaks++;
      await pause(this.retryMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }
}
