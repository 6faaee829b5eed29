/**
 * The newest value of each field of each series among readings that are to be kept together. The catalog needs no more;
 * so a reading can go when its line is made, and does not have to live until that line is durable.
 */
import type { FieldValue } from '../domain/reading.js';
import type { SeriesEntry, SeriesValues } from '../ports/catalog.js';

/** The newest reading of a series, and of the fields that it does not have the newest values of older ones. */
interface NewestReading extends SeriesValues {
  others: Map<string, SeriesValues> | undefined;
}

export class NewestValues implements Iterable<SeriesValues> {
  readonly #bySeries = new Map<SeriesEntry, NewestReading>();

  /** Readings come in the order in which they are accepted: of two with the same time the later one wins. */
  add(series: SeriesEntry, ms: number, ns: number, fields: Record<string, FieldValue>): void {
    const newest = this.#bySeries.get(series);
    if (!newest) {
      this.#bySeries.set(series, { series, ms, ns, fields, others: undefined });
    } else if (ms > newest.ms || (ms === newest.ms && ns >= newest.ns)) {
      keepOthers(newest, newest.ms, newest.ns, newest.fields, fields);
      newest.ms = ms;
      newest.ns = ns;
      newest.fields = fields;
    } else {
      keepOthers(newest, ms, ns, fields, newest.fields);
    }
  }

  /** The newest reading of a series comes behind what is left of its older ones. */
  *[Symbol.iterator](): Iterator<SeriesValues> {
    for (const newest of this.#bySeries.values()) {
      if (newest.others) yield* newest.others.values();
      yield newest;
    }
  }
}

/** Keeps those of the reading's fields that the newest one does not have, and nothing newer is kept of. */
function keepOthers(
  newest: NewestReading,
  ms: number,
  ns: number,
  fields: Record<string, FieldValue>,
  newestFields: Record<string, FieldValue>,
): void {
  for (const name in fields) {
    if (Object.hasOwn(newestFields, name)) continue;
    const others = (newest.others ??= new Map());
    const known = others.get(name);
    if (known && (known.ms > ms || (known.ms === ms && known.ns > ns))) continue;
    others.set(name, { series: newest.series, ms, ns, fields: { [name]: fields[name]! } });
  }
}
