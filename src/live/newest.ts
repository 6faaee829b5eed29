/** The newest values of a series as readings, for snapshots: fields of one time make one reading. */
import type { NewestField, SeriesEntry } from '../ports/catalog.js';
import type { CompiledFilter } from './filter.js';
import { fieldText, readingText } from './readings.js';
import { seriesText } from './series.js';

export function newestTexts(series: SeriesEntry, newest: readonly NewestField[], filter: CompiledFilter): string[] {
  if (!filter.matches(series)) return [];
  const byTime = new Map<string, { ms: number; fields: string }>();
  for (const { name, value, ms, ns } of newest) {
    if (!filter.hasField(name)) continue;
    const time = `${ms}.${ns}`;
    let reading = byTime.get(time);
    if (!reading) byTime.set(time, (reading = { ms, fields: '' }));
    reading.fields += fieldText(reading.fields, name, value);
  }
  const text = seriesText(series);
  return [...byTime.values()].map(({ ms, fields }) => readingText(text, ms, fields));
}
