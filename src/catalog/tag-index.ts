/** Which tags there are, by key, over all series; so that nobody has to look through a million series to list them. */
import type { Tags } from '../domain/reading.js';

interface Values {
  known: Set<string>;
  /** Made when it is asked for; gone when a value is new. */
  sorted: string[] | undefined;
}

export class TagIndex {
  readonly #byKey = new Map<string, Values>();

  add(tags: Tags): void {
    for (const key in tags) {
      let values = this.#byKey.get(key);
      if (!values) this.#byKey.set(key, (values = { known: new Set(), sorted: undefined }));
      const value = tags[key]!;
      if (values.known.has(value)) continue;
      values.known.add(value);
      values.sorted = undefined;
    }
  }

  keys(): string[] {
    return [...this.#byKey.keys()].sort();
  }

  /** In order, behind `after`. @returns undefined for a key that no series has */
  values(key: string, after: string | null, limit: number): string[] | undefined {
    const values = this.#byKey.get(key);
    if (!values) return undefined;
    values.sorted ??= [...values.known].sort();
    const first = after === null ? 0 : values.sorted.findIndex((value) => value > after);
    return first < 0 ? [] : values.sorted.slice(first, first + limit);
  }
}
