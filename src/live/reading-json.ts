/** Readings as JSON text for live messages, made at most once for each reading however many subscribers see it. */
import type { FieldValue } from '../domain/reading.js';
import type { AcceptedReadings, NewestField, SeriesEntry } from '../ports/catalog.js';
import type { CompiledFilter } from './filter.js';

export class PublishedReadings {
  readonly readings: AcceptedReadings;
  readonly position: number;
  readonly #texts: (string | undefined)[] = [];

  constructor(readings: AcceptedReadings, position: number) {
    this.readings = readings;
    this.position = position;
  }

  get end(): number {
    return this.position + this.readings.series.length;
  }

  /** @returns undefined when the filter leaves nothing of the reading */
  text(index: number, filter: CompiledFilter): string | undefined {
    const { series, ms, fields } = this.readings;
    if (!filter.matches(series[index]!)) return undefined;
    if (filter.choosesFields) {
      const chosen = chooseFields(fields[index]!, filter);
      return chosen && readingText(series[index]!, ms[index]!, chosen);
    }
    return (this.#texts[index] ??= readingText(series[index]!, ms[index]!, fields[index]!));
  }
}

/** The newest values of a series as readings: fields of one time make one reading. */
export function newestTexts(series: SeriesEntry, newest: readonly NewestField[], filter: CompiledFilter): string[] {
  if (!filter.matches(series)) return [];
  const byTime = new Map<string, { ms: number; fields: Record<string, FieldValue> }>();
  for (const { name, value, ms, ns } of newest) {
    if (!filter.hasField(name)) continue;
    const time = `${ms}.${ns}`;
    let reading = byTime.get(time);
    if (!reading) byTime.set(time, (reading = { ms, fields: {} }));
    reading.fields[name] = value;
  }
  return [...byTime.values()].map(({ ms, fields }) => readingText(series, ms, fields));
}

function chooseFields(
  fields: Record<string, FieldValue>,
  filter: CompiledFilter,
): Record<string, FieldValue> | undefined {
  let chosen: Record<string, FieldValue> | undefined;
  for (const name in fields) if (filter.hasField(name)) (chosen ??= {})[name] = fields[name]!;
  return chosen;
}

function readingText(series: SeriesEntry, ms: number, fields: Record<string, FieldValue>): string {
  const { device, type, tags } = series;
  return `{"device":"${device}","type":"${type}","ts":${ms},"tags":${JSON.stringify(tags)},"fields":${fieldsText(fields)}}`;
}

/** Integers beyond 2^53 become strings, as everywhere in JSON answers. */
function fieldsText(fields: Record<string, FieldValue>): string {
  for (const name in fields) {
    if (typeof fields[name] !== 'bigint') continue;
    return JSON.stringify(fields, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  }
  return JSON.stringify(fields);
}
