/**
 * The feed's memory of one instance: what was published a moment ago, and behind that its spool, here or over the bus. Windows
 * that were read from there are shared: of a thousand clients that come back at once after a restart, most ask for what the one before them asked for.
 */
import { Turnstile } from '../domain/turnstile.js';
import type { MemorySource } from './source.js';
import { Readings } from './readings.js';
import type { SeriesDirectory } from './series.js';

/** What is kept. Of lines that were published last; what is older is read from the source. */
export interface MemoryBounds {
  recentCharacters: number;
  recentEntries: number;
  windows: number;
}

export const ownBounds: MemoryBounds = { recentCharacters: 4 * 1024 * 1024, recentEntries: 4_096, windows: 8 };
/** Of another instance more is kept at hand: it may be away when it is asked. */
export const peerBounds: MemoryBounds = { recentCharacters: 8 * 1024 * 1024, recentEntries: 16_384, windows: 2 };
/** Of one window that is read from the source, about. */
const windowBytes = 1024 * 1024;
/** Windows that are read at a time, so that resuming clients leave the disk to the ingress. */
const readsAtOnce = 2;
/** Entries of what is recent that are given out together. */
const givenTogether = 256;

export class FeedMemory {
  readonly #origin: string;
  readonly #source: MemorySource;
  readonly #bounds: MemoryBounds;
  readonly #directory: SeriesDirectory;
  readonly #reads = new Turnstile(readsAtOnce);
  #recent: Readings[] = [];
  #first = 0;
  #characters = 0;
  #windows: Readings[] = [];

  constructor(origin: string, source: MemorySource, directory: SeriesDirectory, bounds = ownBounds) {
    this.#origin = origin;
    this.#source = source;
    this.#directory = directory;
    this.#bounds = bounds;
  }

  /** The first position that can still be had. */
  get tail(): number {
    return this.#source.tail;
  }

  /** The first position that is at hand; undefined when nothing is. */
  get recentTail(): number | undefined {
    return this.#recent[this.#first]?.position;
  }

  /** These were published. */
  remember(readings: Readings): void {
    // Some were published in between, when nobody followed the feed.
    if (this.#recent.at(-1)?.end !== readings.position) this.forgetRecent();
    this.#recent.push(readings);
    this.#characters += readings.characters;
    const { recentCharacters, recentEntries } = this.#bounds;
    while (this.#characters > recentCharacters || this.#recent.length - this.#first > recentEntries)
      this.#characters -= this.#recent[this.#first++]!.characters;
    // Moved up before more than half of them are past, which would be held in memory with their lines.
    if (this.#first <= this.#recent.length / 2) return;
    this.#recent = this.#recent.slice(this.#first);
    this.#first = 0;
  }

  forgetRecent(): void {
    this.#recent = [];
    this.#first = 0;
    this.#characters = 0;
  }

  /** What is at hand from the entry that holds `position` on, or some of it; nothing when the source has to be asked. */
  recentFrom(position: number): readonly Readings[] {
    let low = this.#first;
    let high = this.#recent.length;
    if (low === high || this.#recent[low]!.position > position) return [];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#recent[middle]!.end <= position) low = middle + 1;
      else high = middle;
    }
    return this.#recent.slice(low, low + givenTogether);
  }

  /**
   * What there is from `position` on, about a window of it.
   * @returns readings that begin behind `position` when it cannot be had any more; undefined when nothing follows it
   * @throws Away
   */
  async windowAt(position: number): Promise<Readings | undefined> {
    return (
      this.recentFrom(position)[0] ??
      this.#windowWith(position) ??
      this.#reads.pass(async () => {
        // Whoever was before us may have read it.
        const known = this.#windowWith(position);
        if (known) return known;
        const records = await this.#source.read(position, windowBytes);
        if (records.length === 0) return undefined;
        const window = this.#join(records);
        this.#windows.push(window);
        if (this.#windows.length > this.#bounds.windows) this.#windows.shift();
        return window;
      })
    );
  }

  #windowWith(position: number): Readings | undefined {
    return this.#windows.find((window) => window.position <= position && position < window.end);
  }

  /** The records up to the first that does not follow the one before it. */
  #join(records: Awaited<ReturnType<MemorySource['read']>>): Readings {
    const { position } = records[0]!;
    let count = 0;
    let payload = '';
    for (const record of records) {
      if (record.position !== position + count) break;
      const { buffer, byteOffset, byteLength } = record.payload;
      payload += Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
      count += record.count;
    }
    return new Readings(this.#origin, { position, count, payload }, this.#directory);
  }
}
