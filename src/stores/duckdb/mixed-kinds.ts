import type { Kind } from '../../domain/reading.js';
import type { AggregateQuery } from '../../ports/history-store.js';

/** Whether types differ in a field's kind. No column has several, so such a query is answered from its rows. */
export function hasMixedKinds(query: AggregateQuery): boolean {
  const kinds = new Map<string, Kind>();
  const fields = query.columns.flatMap((type) => type.fields);
  for (const { name, kind } of fields) kinds.set(name, kind);
  return fields.some(({ name, kind }) => kinds.get(name) !== kind && query.cells.some(({ field }) => field === name));
}
