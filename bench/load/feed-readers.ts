/** Many subscribers of a live feed, in a thread of their own: counted is what reaches them, and how old it is then. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Counter } from './counter.js';

/** What the thread is told when it starts … */
export interface ReadersTask {
  url: string;
  delivered: SharedArrayBuffer;
  /** How often what came was so many milliseconds old; the last is for all that were older. */
  ages: SharedArrayBuffer;
}
/** … and later; it answers each with `done`. */
export type ReadersCommand = { open: number; path: string; isReading: boolean } | 'close';

export const maxAgeMs = 10_000;

export class FeedReaders {
  readonly #url: string;
  readonly #delivered = new Counter();
  readonly #ages = new Int32Array(new SharedArrayBuffer((maxAgeMs + 1) * Int32Array.BYTES_PER_ELEMENT));
  #worker: Worker | undefined;
  #failure: Promise<never> = new Promise(() => undefined);

  constructor(url: string) {
    this.#url = url;
  }

  start(): void {
    const ages = this.#ages.buffer;
    const task: ReadersTask = { url: this.#url, delivered: this.#delivered.shared, ages };
    const worker = new Worker(new URL('./feed-load.js', import.meta.url), { workerData: task });
    this.#worker = worker;
    this.#failure = new Promise((_, reject) => worker.once('error', reject));
    this.#failure.catch(() => undefined);
  }

  /** Readings that came, over all subscribers. */
  get delivered(): number {
    return this.#delivered.value;
  }

  get busy(): number {
    return this.#worker?.performance.eventLoopUtilization().utilization ?? 0;
  }

  /** @param path of the feed, with the subscription in its query */
  async open(count: number, path: string, isReading = true): Promise<void> {
    await this.#command({ open: count, path, isReading });
  }

  /** Ends after so long, and not before something came meanwhile. */
  async readFor(milliseconds: number): Promise<void> {
    await Promise.race([this.#delivered.rises(milliseconds), this.#failure]);
  }

  /** From now on ages are counted anew. */
  forgetAges(): void {
    this.#ages.fill(0);
  }

  /** In milliseconds; of what came since `forgetAges`. */
  ageAt(share: number): number {
    const all = this.#ages.reduce((sum, count) => sum + count, 0);
    if (all === 0) throw new Error('nothing came');
    let seen = 0;
    return this.#ages.findIndex((count) => (seen += count) >= all * share);
  }

  async stop(): Promise<void> {
    const ended = once(this.#worker!, 'exit');
    await this.#command('close');
    await ended;
  }

  async #command(command: ReadersCommand): Promise<void> {
    this.#worker!.postMessage(command, []);
    await Promise.race([once(this.#worker!, 'message'), this.#failure]);
  }
}
