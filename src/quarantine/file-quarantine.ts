/** The quarantine: its entries in memory, bounded, and in a file. */
import { Turnstile } from '../domain/turnstile.js';
import type { Log } from '../ports/log.js';
import type { Departure, Quarantine, QuarantineEntry } from '../ports/quarantine.js';
import { EntryLog } from './entry-log.js';

/** Beyond this the oldest are discarded, counted and logged: whoever sends what no store takes must not take all memory. */
const defaultMaxEntries = 100_000;

export class FileQuarantine implements Quarantine {
  readonly #log: Log;
  readonly #file: EntryLog;
  readonly #maxEntries: number;
  /** A long addition is written in pieces: nothing else is to come between them. */
  readonly #changes = new Turnstile(1);
  #entries = new Map<number, QuarantineEntry>();
  #replayed = 0;
  #discarded = 0;

  constructor(directory: string, log: Log, maxEntries = defaultMaxEntries) {
    this.#file = new EntryLog(directory);
    this.#log = log;
    this.#maxEntries = maxEntries;
  }

  async start(): Promise<void> {
    const { entries, replayed, discarded } = await this.#file.open();
    this.#entries = entries;
    this.#replayed = replayed;
    this.#discarded = discarded;
  }

  async stop(): Promise<void> {
    await this.#file.close();
  }

  get counts(): Quarantine['counts'] {
    return { held: this.#entries.size, replayed: this.#replayed, discarded: this.#discarded };
  }

  async add(entries: readonly QuarantineEntry[]): Promise<void> {
    await this.#changes.pass(() => this.#add(entries));
  }

  async remove(ids: readonly number[], departure: Departure): Promise<number> {
    return this.#changes.pass(() => this.#remove(ids, departure));
  }

  async #add(entries: readonly QuarantineEntry[]): Promise<void> {
    const news = entries.filter(({ id }) => !this.#entries.has(id));
    if (news.length === 0) return;
    await this.#file.append(news);
    for (const entry of news) this.#entries.set(entry.id, entry);
    const surplus = this.#entries.size - this.#maxEntries;
    if (surplus <= 0) return;
    this.#log.error(
      { discarded: surplus, bound: this.#maxEntries },
      'the quarantine is full: its oldest readings are discarded',
    );
    await this.#remove([...this.#entries.keys()].slice(0, surplus), 'discarded');
  }

  async #remove(ids: readonly number[], departure: Departure): Promise<number> {
    const left = ids.filter((id) => this.#entries.has(id));
    if (left.length === 0) return 0;
    await this.#file.append([{ left, departure }]);
    for (const id of left) this.#entries.delete(id);
    if (departure === 'replayed') this.#replayed += left.length;
    else this.#discarded += left.length;
    return left.length;
  }

  list({
    after,
    limit,
    reason,
  }: {
    after: number | null;
    limit: number;
    reason?: string | undefined;
  }): QuarantineEntry[] {
    const found: QuarantineEntry[] = [];
    for (const entry of [...this.#entries.values()].sort((a, b) => a.id - b.id)) {
      if (after !== null && entry.id <= after) continue;
      if (reason !== undefined && entry.reason !== reason) continue;
      if (found.push(entry) === limit) break;
    }
    return found;
  }

  holds(id: number): boolean {
    return this.#entries.has(id);
  }

  reasons(): { reason: string; count: number }[] {
    const counts = new Map<string, number>();
    for (const { reason } of this.#entries.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
  }
}
