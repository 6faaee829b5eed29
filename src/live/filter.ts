/** What a subscription wants to see, compiled once. */
import { compilePattern, compilePatterns } from '../domain/pattern.js';
import type { SeriesIdentity } from '../domain/reading.js';
import type { LiveFilter } from '../ports/feed.js';

/** Fields whose answer is remembered; a filter that has met more asks its patterns anew. */
const maxRememberedFields = 1_000;

export class CompiledFilter {
  readonly source: LiveFilter;
  /** The only devices that can match, where they are all named one by one. */
  readonly exactDevices: readonly string[] | undefined;
  /** Whether every series matches. */
  readonly takesAll: boolean;
  readonly #device: (name: string) => boolean;
  readonly #type: (name: string) => boolean;
  readonly #field: ((name: string) => boolean) | undefined;
  readonly #tags: [key: string, matches: (value: string) => boolean][];
  readonly #fields = new Map<string, boolean>();

  constructor(filter: LiveFilter) {
    const { devices, types, fields, tags = {} } = filter;
    this.source = filter;
    this.exactDevices = devices?.every((name) => !name.includes('*')) ? [...new Set(devices)] : undefined;
    this.#device = compilePatterns(devices);
    this.#type = compilePatterns(types);
    this.#field = fields && compilePatterns(fields);
    this.#tags = Object.entries(tags).map(([key, pattern]) => [key, compilePattern(pattern)]);
    this.takesAll = !devices && !types && this.#tags.length === 0;
  }

  /** Whether readings come with some of their fields only. */
  get choosesFields(): boolean {
    return this.#field !== undefined;
  }

  matchesType(type: string): boolean {
    return this.#type(type);
  }

  matches(series: SeriesIdentity): boolean {
    return (
      this.takesAll ||
      (this.#device(series.device) &&
        this.#type(series.type) &&
        this.#tags.every(([key, test]) => Object.hasOwn(series.tags, key) && test(series.tags[key]!)))
    );
  }

  hasField(name: string): boolean {
    if (!this.#field) return true;
    let chosen = this.#fields.get(name);
    if (chosen === undefined) {
      chosen = this.#field(name);
      if (this.#fields.size < maxRememberedFields) this.#fields.set(name, chosen);
    }
    return chosen;
  }
}
