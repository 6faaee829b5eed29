/** The newest value of each field of each series, by the time of the reading; among equal times the last one to come. */
import type { Reading } from '../src/domain/reading.js';
import type { Value } from './format.js';

export interface NewestField {
  type: string;
  tags: Readonly<Record<string, string>>;
  field: string;
  value: Value;
  ts: number;
}

export class Newest {
  readonly #fields = new Map<string, NewestField>();
  /** The newest time of all fields. */
  ts = -Infinity;

  take({ type, tags, ts, fields }: Pick<Reading, 'type' | 'tags' | 'ts' | 'fields'>): void {
    for (const [field, value] of Object.entries(fields)) this.takeField({ type, tags, field, value, ts });
  }

  takeField(field: NewestField): void {
    const key = lineKey(field);
    const known = this.#fields.get(key);
    if (!known || field.ts >= known.ts) this.#fields.set(key, field);
    this.ts = Math.max(this.ts, field.ts);
  }

  /** In the order of their first appearance. */
  get fields(): NewestField[] {
    return [...this.#fields.values()];
  }
}

/** One field of one series: what a line in a chart is. */
export function lineKey({ type, tags, field }: Pick<NewestField, 'type' | 'tags' | 'field'>): string {
  const labels = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  return JSON.stringify([type, field, ...labels.toSorted((a, b) => (a < b ? -1 : 1))]);
}
