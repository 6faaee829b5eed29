/**
 * The newest value of each field of each series of a type. Asked for field by field: `last(*)` gives time 0 for all, and one
 * statement for several fields would give only the times when all of them came together.
 */
import { encodePrefix } from '../../domain/line.js';
import type { FieldColumn, NewestOfSeries } from '../../ports/history-store.js';
import { fieldReference, identifier, seriesCondition, timeRange } from './influxql.js';
import type { Select } from './scan.js';
import { cellOf, tagsOf, timeOf } from './series-row.js';

/** Series that are given out together. */
const chunkSeries = 1000;
const always = { from: 0n, to: 1n << 63n };

export async function* newestOfType(
  select: Select,
  type: string,
  fields: readonly FieldColumn[],
): AsyncGenerator<NewestOfSeries[]> {
  const found = new Map<string, NewestOfSeries>();
  for (const { name, kind } of fields) {
    const statement =
      `SELECT last(${fieldReference(name, kind)}) FROM ${identifier(type)} ` +
      `WHERE ${timeRange(always.from, always.to)} AND ${seriesCondition({})} GROUP BY *`;
    for await (const series of select(statement)) {
      for (const { tags = {}, values } of series) {
        const [time, newest] = values[0]!;
        const value = cellOf(newest, kind);
        if (value !== null) seriesIn(found, type, tags).fields.push({ name, kind, value, ts: timeOf(time) });
      }
    }
  }
  const all = [...found.values()];
  for (let at = 0; at < all.length; at += chunkSeries) yield all.slice(at, at + chunkSeries);
}

function seriesIn(found: Map<string, NewestOfSeries>, type: string, grouped: Record<string, string>): NewestOfSeries {
  const { device = '', ...others } = grouped;
  const tags = tagsOf(Object.keys(others), Object.values(others));
  const key = encodePrefix(type, device, tags);
  let series = found.get(key);
  if (!series) {
    series = { type, device, tags, fields: [] };
    found.set(key, series);
  }
  return series;
}
