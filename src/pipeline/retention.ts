/** Deletes what is older than the operator wants to keep, once at start and then every hour. */
import type { Clock } from '../ports/clock.js';
import type { HistoryWriter } from '../ports/history-store.js';
import type { Log } from '../ports/log.js';

const everyMs = 3_600_000;

export class Retention {
  readonly #rooms: { writer: HistoryWriter; clock: Clock; log: Log };
  readonly #retentionMs: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(rooms: { writer: HistoryWriter; clock: Clock; log: Log }, retentionMs: number) {
    this.#rooms = rooms;
    this.#retentionMs = retentionMs;
  }

  start(): void {
    this.#running = this.#run();
    this.#timer = setInterval(
      () => {
        this.#running = this.#run();
      },
      Math.min(everyMs, this.#retentionMs),
    );
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { writer, clock, log } = this.#rooms;
    try {
      await writer.retain(clock.now() - this.#retentionMs);
    } catch (error) {
      log.error({ err: error }, 'old readings could not be deleted; it will be tried again');
    }
  }
}
