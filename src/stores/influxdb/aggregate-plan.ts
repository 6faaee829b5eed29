/** Which part of an aggregate InfluxQL can be asked for, type by type, and in which words. */
import { type AggregateFunction, makesSenseFor } from '../../domain/accumulator.js';
import { isKey, isTypeName, type Kind } from '../../domain/reading.js';
import type { AggregateQuery } from '../../ports/history-store.js';
import { type Call, callsFor, callText, isJoinable } from './aggregate-call.js';
import type { Segment } from './buckets.js';
import { fieldReference, identifier, seriesCondition, tagReference, timeRange } from './influxql.js';

/** One column of an answer. */
export interface CallColumn {
  field: string;
  kind: Kind;
  call: Call;
}

export interface TypePlan {
  type: string;
  kinds: Map<string, Kind>;
  /** In the order in which the values of an answer come, behind the time. */
  calls: CallColumn[];
  /** For each cell that is asked for: where among the calls its answer is, ready; -1 where it has to be made of several. */
  places: number[];
  /** Whether the answers are the cells that are asked for, one by one. */
  isAnswered: boolean;
}

export interface AggregatePlan {
  types: TypePlan[];
  /** Whether groups span types, so that what several of them answer is joined. */
  isJoined: boolean;
}

/**
 * @returns undefined where InfluxQL would give another answer than the contract asks for, so that the rows themselves have to
 * be looked at: a percentile, a deviation, a first or last over several types, a field that has several kinds there; and a first
 * or last over several series, where InfluxQL takes the higher of two values of one time and not the first of the series
 */
export function planAggregate({ columns, group, cells }: AggregateQuery): AggregatePlan | undefined {
  const isJoined = !group.type && columns.length > 1;
  const isBySeries = group.device && group.tags === 'all' && !isJoined;
  if (!isBySeries && cells.some(({ fn }) => fn === 'first' || fn === 'last')) return undefined;
  if (isJoined && (cells.some(({ fn }) => !isJoinable(fn)) || hasMixedKinds(columns))) return undefined;
  const types = columns.map(({ type, fields }) => {
    const kinds = new Map(fields.filter(({ name }) => isKey(name)).map(({ name, kind }) => [name, kind]));
    const calls = callsOf(kinds, cells, isJoined);
    const places = cells.map(({ field, fn }) => calls.findIndex((call) => call.field === field && call.call === fn));
    const isAnswered = calls.length === cells.length && places.every((place, index) => place === index);
    return { type, kinds, calls, places, isAnswered };
  });
  return { types: types.filter(({ type, calls }) => isTypeName(type) && calls.length > 0), isJoined };
}

function hasMixedKinds(columns: AggregateQuery['columns']): boolean {
  const kinds = new Map<string, Kind>();
  return columns.some(({ fields }) =>
    fields.some(({ name, kind }) => {
      const before = kinds.get(name);
      kinds.set(name, kind);
      return before !== undefined && before !== kind;
    }),
  );
}

function callsOf(
  kinds: ReadonlyMap<string, Kind>,
  cells: readonly { field: string; fn: AggregateFunction }[],
  isJoined: boolean,
): CallColumn[] {
  const calls = new Map<string, CallColumn>();
  for (const { field, fn } of cells) {
    const kind = kinds.get(field);
    if (kind === undefined || !makesSenseFor(fn, kind)) continue;
    for (const call of callsFor(fn, kind, isJoined)) calls.set(`${call} ${field}`, { field, kind, call });
  }
  return [...calls.values()];
}

/** @param tagKeys those to group by; `*` for the device and all of them */
export function aggregateStatement(
  { type, calls }: TypePlan,
  { start, width, from, to }: Segment,
  { series, group }: AggregateQuery,
  tagKeys: readonly string[] | '*',
): string {
  const dimensions = tagKeys === '*' ? ['*'] : [...(group.device ? ['device'] : []), ...tagKeys].map(tagReference);
  // Newest of 1,000 series, 10 M readings: 0.07 s as one span of time, and 2.5 s as one bucket of `time()`.
  const isOneBucket = to - start <= width;
  const offset = ((start % width) + width) % width;
  if (!isOneBucket) dimensions.unshift(`time(${width}ns, ${offset}ns)`);
  const asked = calls.map(({ call, field, kind }) => callText(call, fieldReference(field, kind)));
  return (
    `SELECT ${asked.join(', ')} FROM ${identifier(type)} WHERE ${timeRange(from, to)} AND ${seriesCondition(series)} ` +
    (dimensions.length > 0 ? `GROUP BY ${dimensions.join(', ')} ` : '') +
    (isOneBucket ? '' : 'fill(none)')
  );
}
