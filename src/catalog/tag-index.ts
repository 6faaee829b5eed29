/** Which tags there are, by key, over all series; so that nobody has to look through a million series to list them. */
import type { Tags } from '../domain/reading.js';

interface Values {
  /** With how many series have it. */
  known: Map<string, number>;
  /** Made when it is asked for; gone when a value is new. */
  sorted: string[] | undefined;
}

export class TagIndex {
  readonly #byKey = new Map<string, Values>();

  add(tags: Tags): void {
    for (const key in tags) {
      let values = this.#byKey.get(key);
      if (!values) this.#byKey.set(key, (values = { known: new Map(), sorted: undefined }));
      const value = tags[key]!;
      const series = values.known.get(value) ?? 0;
      values.known.set(value, series + 1);
      if (series === 0) values.sorted = undefined;
    }
  }

  /** A series with these tags is gone. */
  remove(tags: Tags): void {
    for (const key in tags) {
      const values = this.#byKey.get(key);
      const series = values?.known.get(tags[key]!) ?? 0;
      if (!values || series === 0) continue;
      if (series > 1) values.known.set(tags[key]!, series - 1);
      else {
        values.known.delete(tags[key]!);
        values.sorted = undefined;
        if (values.known.size === 0) this.#byKey.delete(key);
      }
    }
  }

  keys(): string[] {
    return [...this.#byKey.keys()].sort();
  }

  /** In order, behind `after`. @returns undefined for a key that no series has */
  values(key: string, after: string | null, limit: number): string[] | undefined {
    const values = this.#byKey.get(key);
    if (!values) return undefined;
    values.sorted ??= [...values.known.keys()].sort();
    const first = after === null ? 0 : values.sorted.findIndex((value) => value > after);
    return first < 0 ? [] : values.sorted.slice(first, first + limit);
  }
}
