/**
 * A catalog for trying batches out: it knows what the real one knows, learns from them as that would, and is thrown
 * away afterwards. What a reading teaches is visible to those behind it, as it would be, and to nobody else. Bounds of the
 * real catalog are not rehearsed: whether there is room is another question tomorrow. It has one of its own, since a body
 * of lines may have any number of names.
 */
import type { Kind, Tags } from '../domain/reading.js';
import type { Catalog, FieldEntry, SeriesEntry, TypeCheck, TypeEntry } from '../ports/catalog.js';

interface RehearsedType extends TypeEntry {
  readonly fields: Map<string, FieldEntry>;
}

/** Names of types and fields that are learned at most. */
const maxNames = 10_000;

export class Rehearsal implements Catalog {
  readonly #catalog: Catalog;
  readonly #types = new Map<string, RehearsedType>();
  #names = 0;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  findType(name: string): RehearsedType | undefined {
    const own = this.#types.get(name);
    if (own) return own;
    const known = this.#catalog.findType(name);
    return known && this.#keep(name, known.fields, known.check);
  }

  addType(name: string): RehearsedType | undefined {
    const known = this.findType(name);
    if (known || this.#names >= maxNames) return known;
    this.#names++;
    return this.#keep(name, new Map(), undefined);
  }

  #keep(name: string, fields: TypeEntry['fields'], check: TypeCheck | undefined): RehearsedType {
    const type = { name, fields: new Map(fields), check };
    this.#types.set(name, type);
    return type;
  }

  /** A known series is one that the batch could change: here all of them are new. */
  findSeries(): undefined {
    return undefined;
  }

  addSeries(type: TypeEntry, device: string, tags: Tags): SeriesEntry {
    return {
      type: type.name,
      device,
      tags,
      prefix: '',
      isAscii: true,
      typeEntry: type,
      headMs: Number.NEGATIVE_INFINITY,
      headNs: 0,
    };
  }

  addField(type: TypeEntry, name: string, kind: Kind): FieldEntry | undefined {
    const fields = this.addType(type.name)?.fields;
    if (!fields || this.#names >= maxNames) return undefined;
    this.#names++;
    const field = { name, kind, unit: null, index: fields.size };
    fields.set(name, field);
    return field;
  }

  /** Units play no part in what is accepted. */
  learnUnit(): void {}

  removeField(type: TypeEntry, name: string): void {
    this.findType(type.name)?.fields.delete(name);
  }

  /** Nothing of it becomes durable. */
  observe(): void {}
}
