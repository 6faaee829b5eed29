/** The files of the log, oldest first: a new one is made when the newest is full, old ones go when they are delivered. */
import { randomBytes } from 'node:crypto';
import { Disposal } from './disposal.js';
import type { FileLayer } from './files.js';
import { Segment } from './segment.js';

export class Segments {
  /** One for the whole log. */
  key = 0;
  readonly #files: FileLayer;
  readonly #directory: string;
  readonly #disposal: Disposal;
  #all: Segment[] = [];

  constructor(files: FileLayer, directory: string, onRemovalFailure?: (reason: Error) => void) {
    this.#files = files;
    this.#directory = directory;
    this.#disposal = new Disposal(files, onRemovalFailure);
  }

  get all(): readonly Segment[] {
    return this.#all;
  }

  get oldest(): Segment | undefined {
    return this.#all[0];
  }

  get newest(): Segment | undefined {
    return this.#all.at(-1);
  }

  /** Everything on disk. */
  get bytes(): number {
    return this.#readableBytes + this.#disposal.bytes;
  }

  get #readableBytes(): number {
    return this.#all.reduce((sum, segment) => sum + segment.endOffset, 0);
  }

  /** Those that a start found. */
  take(found: Segment[]): void {
    this.#all = found;
    this.key = found.at(-1)?.key ?? randomBytes(4).readUInt32LE(0);
  }

  /** A new one behind the others, which is durable when this returns. */
  async open(firstPosition: number, rejectedTotal: number): Promise<void> {
    const name = { firstPosition, key: this.key };
    const segment = await Segment.create(this.#files, this.#directory, name, rejectedTotal);
    const last = this.newest;
    if (last?.firstPosition === firstPosition) {
      // The one before failed with nothing in it; the new one has taken its name.
      this.#all.pop();
      await last.file.close();
    }
    this.#all.push(segment);
  }

  /** Those that end at or before `low` go, as long as `keepBytes` of what is not held stay. */
  async drop(low: number, heldBytes: number, keepBytes: number): Promise<void> {
    for (;;) {
      const { oldest } = this;
      if (!oldest || this.#all.length === 1 || oldest.endPosition > low) return;
      if (this.#readableBytes - heldBytes - oldest.endOffset < keepBytes) return;
      this.#all = this.#all.slice(1);
      await this.#disposal.add(oldest);
    }
  }

  /** Ends when those that were dropped are gone. */
  async untilGone(): Promise<void> {
    await this.#disposal.untilDone();
  }

  /** All of them go, at a start that finds them of no use. */
  async clear(): Promise<void> {
    for (const segment of this.#all) await segment.remove(this.#files);
    this.#all = [];
  }

  async stop(): Promise<void> {
    await this.#disposal.stop();
    for (const { file } of this.#all) await file.close();
    this.#all = [];
  }
}
