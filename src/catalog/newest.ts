/** The newest value of each field of a series, by event time; among equal times the last accepted. */
import type { FieldValue, Tags } from '../domain/reading.js';
import type { FieldEntry, NewestField, SeriesEntry, TypeEntry } from '../ports/catalog.js';

export class CatalogSeries implements SeriesEntry {
  readonly type: string;
  readonly device: string;
  readonly tags: Tags;
  readonly tagCount: number;
  readonly prefix: string;
  readonly isAscii: boolean;
  readonly typeEntry: TypeEntry;
  headMs = -1;
  headNs = 0;
  /** Its device was deleted. Who holds it still has readings of what comes after. */
  isForgotten = false;
  // By the field's index in its type. Arrays with holes cost what the series has, not what the type has.
  readonly #values: (FieldValue | undefined)[] = [];
  readonly #ms: number[] = [];
  readonly #ns: number[] = [];

  constructor(typeEntry: TypeEntry, device: string, tags: Tags, prefix: string) {
    this.typeEntry = typeEntry;
    this.type = typeEntry.name;
    this.device = device;
    this.tags = tags;
    this.tagCount = Object.keys(tags).length;
    this.prefix = prefix;
    this.isAscii = Buffer.byteLength(prefix) === prefix.length;
  }

  /** Whether a reading of it was durable. */
  get hasValues(): boolean {
    return this.#ms.length > 0;
  }

  hasTags(tags: Tags): boolean {
    let count = 0;
    for (const key in tags) {
      if (this.tags[key] !== tags[key]) return false;
      count++;
    }
    return count === this.tagCount;
  }

  update(field: FieldEntry, value: FieldValue, ms: number, ns: number): void {
    const { index } = field;
    const known = this.#ms[index];
    if (known !== undefined && (ms < known || (ms === known && ns < this.#ns[index]!))) return;
    this.#values[index] = value;
    this.#ms[index] = ms;
    this.#ns[index] = ns;
  }

  /** Whether it ever had a value of the field. */
  has(field: FieldEntry): boolean {
    return this.#values[field.index] !== undefined;
  }

  raiseHead(ms: number, ns: number): void {
    if (ms < this.headMs || (ms === this.headMs && ns <= this.headNs)) return;
    this.headMs = ms;
    this.headNs = ns;
  }

  newest(): NewestField[] {
    const fields: NewestField[] = [];
    for (const { name, index } of this.typeEntry.fields.values()) {
      const value = this.#values[index];
      if (value !== undefined) fields.push({ name, value, ms: this.#ms[index]!, ns: this.#ns[index]! });
    }
    return fields;
  }
}
