import { compilePattern, compilePatterns } from '../domain/pattern.js';
import type { KnownColumns, SeriesChoice } from '../ports/catalog.js';
import type { CatalogDevice } from './device.js';
import type { CatalogSeries } from './newest.js';

/** The series that are chosen. Devices named without a pattern are found without looking at the others. */
export function* chooseSeries(
  byName: ReadonlyMap<string, CatalogDevice>,
  { types, devices, tags = {} }: SeriesChoice,
): Generator<CatalogSeries> {
  const isNamed = devices?.every((device) => !device.includes('*')) ?? false;
  const isDevice = compilePatterns(devices);
  const tests = Object.entries(tags).map(([key, pattern]) => ({ key, test: compilePattern(pattern) }));
  for (const device of isNamed ? devices!.map((name) => byName.get(name)) : byName.values()) {
    if (!device || !isDevice(device.name)) continue;
    for (const series of device.series) {
      if (types && !types.has(series.type)) continue;
      if (tests.every(({ key, test }) => Object.hasOwn(series.tags, key) && test(series.tags[key]!))) yield series;
    }
  }
}

/** A field that a schema names and that no series ever had is none of them. */
export function columnsOf(chosen: Iterable<CatalogSeries>): KnownColumns {
  const tags = new Set<string>();
  const fields = new Map<string, Set<string>>();
  for (const series of chosen) {
    for (const key in series.tags) tags.add(key);
    let ofType = fields.get(series.type);
    if (!ofType) fields.set(series.type, (ofType = new Set()));
    if (ofType.size === series.typeEntry.fields.size) continue;
    for (const field of series.typeEntry.fields.values()) if (series.has(field)) ofType.add(field.name);
  }
  return { tags: [...tags].sort(), fields };
}
