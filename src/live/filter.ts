/** What a subscription wants to see, compiled once. */
import { compilePattern, compilePatterns } from '../domain/pattern.js';
import type { SeriesIdentity } from '../domain/reading.js';
import type { LiveFilter } from '../ports/feed.js';

export class CompiledFilter {
  readonly #device: (name: string) => boolean;
  readonly #type: (name: string) => boolean;
  readonly #field: ((name: string) => boolean) | undefined;
  readonly #tags: [key: string, matches: (value: string) => boolean][];
  /** Asked once for each series: the answer does not change. */
  readonly #series = new Map<SeriesIdentity, boolean>();
  readonly #fields = new Map<string, boolean>();

  constructor(filter: LiveFilter) {
    this.#device = compilePatterns(filter.devices);
    this.#type = compilePatterns(filter.types);
    this.#field = filter.fields && compilePatterns(filter.fields);
    this.#tags = Object.entries(filter.tags ?? {}).map(([key, pattern]) => [key, compilePattern(pattern)]);
  }

  /** Whether readings come with some of their fields only. */
  get choosesFields(): boolean {
    return this.#field !== undefined;
  }

  matches(series: SeriesIdentity): boolean {
    const known = this.#series.get(series);
    if (known !== undefined) return known;
    const matches =
      this.#device(series.device) &&
      this.#type(series.type) &&
      this.#tags.every(([key, test]) => Object.hasOwn(series.tags, key) && test(series.tags[key]!));
    this.#series.set(series, matches);
    return matches;
  }

  hasField(name: string): boolean {
    if (!this.#field) return true;
    let chosen = this.#fields.get(name);
    if (chosen === undefined) {
      chosen = this.#field(name);
      this.#fields.set(name, chosen);
    }
    return chosen;
  }
}
