/**
 * The tag keys of types. A statement names them one by one, and a reading that brought a new one since would come without it,
 * as one of another series. So a statement goes out with the keys that are known, and when its answer begins, which is when the
 * server has settled what is in it, it is asked whether there are others.
 */
import { isKey } from '../../domain/reading.js';
import { identifier } from './influxql.js';
import type { QuerySeries } from './query.js';

export type KeysOfType = ReadonlyMap<string, readonly string[]>;

export class TagKeys {
  readonly #show: (statement: string) => Promise<QuerySeries[]>;
  readonly #known = new Map<string, readonly string[]>();

  constructor(show: (statement: string) => Promise<QuerySeries[]>) {
    this.#show = show;
  }

  /** As they were when somebody asked last. */
  async of(types: readonly string[]): Promise<KeysOfType> {
    if (!types.every((type) => this.#known.has(type))) await this.#ask(types);
    return new Map(types.map((type) => [type, this.#known.get(type)!]));
  }

  /** Whether there are no others than these. */
  async areAll(keys: KeysOfType): Promise<boolean> {
    await this.#ask([...keys.keys()]);
    return [...keys].every(([type, used]) => this.#known.get(type)!.every((key) => used.includes(key)));
  }

  async #ask(types: readonly string[]): Promise<void> {
    const found = await this.#show(`SHOW TAG KEYS FROM ${types.map(identifier).join(', ')}`);
    for (const type of types) {
      const values = found.find(({ name }) => name === type)?.values ?? [];
      this.#known.set(type, values.map(([key]) => String(key)).filter(isKey));
    }
  }
}
