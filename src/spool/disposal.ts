/**
 * Removes segments that nobody needs any more, beside what else the spool does: an unlink and the sync of the directory
 * took 40 to 60 ms for 32 MiB, and the delivery is not to wait for them. Oldest first, each durable before the next, so that
 * whatever a crash leaves of them is the newest and the log has no hole.
 */
import type { FileLayer } from './files.js';
import type { Segment } from './segment.js';

/** So many may wait; whoever brings more waits for all of them, so that a slow disk slows the delivery. */
const mostWaiting = 4;

export class Disposal {
  readonly #files: FileLayer;
  readonly #onFailure: ((reason: Error) => void) | undefined;
  #waiting: Segment[] = [];
  #working: Promise<void> | undefined;
  #failed: Segment | undefined;

  constructor(files: FileLayer, onFailure?: (reason: Error) => void) {
    this.#files = files;
    this.#onFailure = onFailure;
  }

  /** Bytes on disk that are still to go. */
  get bytes(): number {
    return this.#waiting.reduce((sum, segment) => sum + segment.endOffset, 0);
  }

  /** The segment comes behind those that were brought before. */
  async add(segment: Segment): Promise<void> {
    this.#waiting.push(segment);
    this.#working ??= this.#work();
    if (this.#waiting.length > mostWaiting) await this.#working;
  }

  /** Ends when all that waits is gone, or cannot go now. */
  async untilDone(): Promise<void> {
    await this.#working;
  }

  async stop(): Promise<void> {
    await this.#working;
    for (const { file } of this.#waiting) await file.close();
    this.#waiting = [];
  }

  async #work(): Promise<void> {
    try {
      for (let [oldest] = this.#waiting; oldest; [oldest] = this.#waiting) {
        await oldest.remove(this.#files);
        this.#waiting.shift();
      }
    } catch (error) {
      // Those behind it have to wait, as they would leave a hole. The next that is brought begins anew.
      const [oldest] = this.#waiting;
      if (this.#failed !== oldest) this.#onFailure?.(error as Error);
      this.#failed = oldest;
    } finally {
      this.#working = undefined;
    }
  }
}
