/** What stood before the fields of recent lines, so that it is read once and not for every point of its series. */
import { readSeriesKey, type SeriesKey } from './series-key.js';

/** At this many the cache begins again. */
const maxEntries = 10_000;
/** A longer one is read each time. */
const maxCharacters = 512;

export class SeriesCache {
  readonly #deviceTags: readonly string[];
  readonly #keys = new Map<string, SeriesKey>();

  constructor(deviceTags: readonly string[]) {
    this.#deviceTags = deviceTags;
  }

  /** @throws LineError with the place within `text` */
  find(text: string): SeriesKey {
    const known = this.#keys.get(text);
    if (known) return known;
    // A copy: a piece of a body would keep all of it in memory, here and in the catalog.
    const own = Buffer.from(text).toString();
    const key = readSeriesKey(own, this.#deviceTags);
    if (own.length > maxCharacters) return key;
    if (this.#keys.size >= maxEntries) this.#keys.clear();
    this.#keys.set(own, key);
    return key;
  }
}
