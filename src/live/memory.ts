/**
 * The feed's memory: what was published a moment ago, and behind that the spool. Windows that were read from the spool are
 * shared: of a thousand clients that come back at once after a restart, most ask for what the one before them asked for.
 */
import { Turnstile } from '../domain/turnstile.js';
import type { Spool, SpoolRecord } from '../ports/spool.js';
import { Readings } from './readings.js';
import type { SeriesDirectory } from './series.js';

/** Of lines that were published last; what is older is read from the spool. */
const recentCharacters = 4 * 1024 * 1024;
const recentEntries = 4_096;
/** Of one window that is read from the spool, about. */
const windowBytes = 1024 * 1024;
const windowsKept = 8;
/** Windows that are read at a time, so that resuming clients leave the disk to the ingress. */
const readsAtOnce = 2;
/** Entries of what is recent that are given out together. */
const givenTogether = 256;

export class FeedMemory {
  readonly #spool: Spool;
  readonly #directory: SeriesDirectory;
  readonly #reads = new Turnstile(readsAtOnce);
  #recent: Readings[] = [];
  #first = 0;
  #characters = 0;
  #windows: Readings[] = [];

  constructor(spool: Spool, directory: SeriesDirectory) {
    this.#spool = spool;
    this.#directory = directory;
  }

  /** The first position that can still be had. */
  get tail(): number {
    return this.#spool.tail;
  }

  /** These were published. */
  remember(readings: Readings): void {
    // Some were published in between, when nobody followed the feed.
    if (this.#recent.at(-1)?.end !== readings.position) this.forgetRecent();
    this.#recent.push(readings);
    this.#characters += readings.characters;
    while (this.#characters > recentCharacters || this.#recent.length - this.#first > recentEntries)
      this.#characters -= this.#recent[this.#first++]!.characters;
    if (this.#first <= recentEntries) return;
    this.#recent = this.#recent.slice(this.#first);
    this.#first = 0;
  }

  forgetRecent(): void {
    this.#recent = [];
    this.#first = 0;
    this.#characters = 0;
  }

  /** What is at hand from the entry that holds `position` on, or some of it; nothing when the spool has to be asked. */
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
   * What the spool has from `position` on, about a window of it.
   * @returns readings that begin behind `position` when it cannot be had any more; undefined when nothing follows it
   */
  async windowAt(position: number): Promise<Readings | undefined> {
    return (
      this.#windowWith(position) ??
      this.#reads.pass(async () => {
        // Whoever was before us may have read it.
        const known = this.#windowWith(position);
        if (known) return known;
        const records = await this.#spool.read(position, windowBytes);
        if (records.length === 0) return undefined;
        const window = joinRecords(records, this.#directory);
        this.#windows.push(window);
        if (this.#windows.length > windowsKept) this.#windows.shift();
        return window;
      })
    );
  }

  #windowWith(position: number): Readings | undefined {
    return this.#windows.find((window) => window.position <= position && position < window.end);
  }
}

/** The records up to the first that does not follow the one before it. */
function joinRecords(records: readonly SpoolRecord[], directory: SeriesDirectory): Readings {
  const { position } = records[0]!;
  let count = 0;
  let payload = '';
  for (const record of records) {
    if (record.position !== position + count) break;
    const { buffer, byteOffset, byteLength } = record.payload;
    payload += Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
    count += record.count;
  }
  return new Readings({ position, count, payload }, directory);
}
