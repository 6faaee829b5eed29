/**
 * The newest value of each field of each series of a type. Asked for field by field: `last(*)` gives time 0 for all, and one
 * statement for several fields would give only the times when all of them came together.
 */
import { encodePrefix } from '../../domain/line.js';
import type { FieldColumn, NewestOfSeries } from '../../ports/history-store.js';
import { inParts, type TimePart } from './file-limit.js';
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
  const all = new Map<string, NewestOfSeries>();
  for (const { name, kind } of fields) {
    const last = ({ from, to }: TimePart) =>
      select(
        `SELECT last(${fieldReference(name, kind)}) FROM ${identifier(type)} ` +
          `WHERE ${timeRange(from, to)} AND ${seriesCondition({})} GROUP BY *`,
      );
    const seen = new Set<NewestOfSeries>();
    for await (const series of inParts(always, 'desc', last)) {
      for (const { tags = {}, values } of series) {
        const [time, newest] = values[0]!;
        const value = cellOf(newest, kind);
        const found = value === null ? undefined : seriesIn(all, type, tags);
        // An earlier part of the range has older values.
        if (value === null || !found || seen.has(found)) continue;
        found.fields.push({ name, kind, value, ts: timeOf(time) });
        seen.add(found);
      }
    }
  }
  const series = [...all.values()];
  for (let at = 0; at < series.length; at += chunkSeries) yield series.slice(at, at + chunkSeries);
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
