/** The answers by their definitions: history's planner over all readings in a map. */
import type {
  AggregateQuery,
  AggregateRow,
  HistoryReader,
  NewestOfSeries,
  ScanQuery,
  ScanRow,
  TypeColumns,
} from '../../../src/ports/history-store.js';
import { plainAggregate } from '../history-store/plain-aggregate.js';
import { kindOf, PlainStore, type Sample } from '../history-store/plain-store.js';

export class PlainReader implements HistoryReader {
  readonly knowsPositions = false;

  hold(): () => void {
    return () => undefined;
  }
  readonly #store = new PlainStore();
  readonly types: TypeColumns[];

  constructor(samples: readonly Sample[]) {
    this.#store.put(samples);
    this.types = typesOf(samples);
  }

  kinds(): Promise<TypeColumns[]> {
    return Promise.resolve(this.types);
  }

  async *scan(query: ScanQuery): AsyncGenerator<ScanRow[]> {
    yield await Promise.resolve(this.#store.scan(query));
  }

  async *aggregate(query: AggregateQuery): AsyncGenerator<AggregateRow[]> {
    yield await Promise.resolve(plainAggregate(this.#store, query));
  }

  async *newest(): AsyncGenerator<NewestOfSeries[]> {
    yield await Promise.resolve([]);
  }
}

/** What a catalog would know of them. */
function typesOf(samples: readonly Sample[]): TypeColumns[] {
  const types = new Map<string, TypeColumns>();
  for (const { type = 'machine', fields } of samples) {
    const known = types.get(type) ?? { type, fields: [] };
    types.set(type, known);
    for (const [name, value] of Object.entries(fields)) {
      if (!known.fields.some((field) => field.name === name)) known.fields.push({ name, kind: kindOf(value) });
    }
  }
  return [...types.values()];
}
