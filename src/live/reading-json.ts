/** Readings as JSON text for live messages, made at most once for each reading however many subscribers see it. */
import { LineReader, decodePrefix } from '../domain/line.js';
import type { FieldValue, SeriesIdentity } from '../domain/reading.js';
import type { NewestField, SeriesEntry } from '../ports/catalog.js';
import type { DurableReadings } from '../ports/feed.js';
import type { CompiledFilter } from './filter.js';

/** Series that are remembered by how their lines begin; with one more all are forgotten and learned again. */
const maxRemembered = 100_000;

/** The series of lines: taken apart once, and the same object for the same series. */
export class SeriesOfLines {
  readonly #byPrefix = new Map<string, SeriesIdentity>();

  of(prefix: string): SeriesIdentity {
    let series = this.#byPrefix.get(prefix);
    if (!series) {
      if (this.#byPrefix.size >= maxRemembered) this.#byPrefix.clear();
      this.#byPrefix.set(prefix, (series = decodePrefix(prefix)));
    }
    return series;
  }
}

/** A record of the spool. Its lines are looked at when the first subscriber is, each line when it passes a filter. */
export class PublishedReadings {
  readonly position: number;
  readonly count: number;
  readonly #lines: LineReader;
  readonly #known: SeriesOfLines;
  /** Of each line: its series, and where it begins. */
  readonly #series: SeriesIdentity[] = [];
  readonly #starts: number[] = [];
  readonly #texts: (string | undefined)[] = [];

  constructor({ position, count, payload }: DurableReadings, known: SeriesOfLines) {
    this.position = position;
    this.count = count;
    this.#lines = new LineReader(payload);
    this.#known = known;
  }

  get end(): number {
    return this.position + this.count;
  }

  /** @returns undefined when the filter leaves nothing of the reading */
  text(index: number, filter: CompiledFilter): string | undefined {
    if (this.#series.length === 0) this.#survey();
    if (!filter.matches(this.#series[index]!)) return undefined;
    return filter.choosesFields ? this.#make(index, filter) : (this.#texts[index] ??= this.#make(index));
  }

  #survey(): void {
    const lines = this.#lines;
    while (lines.skip()) {
      this.#series.push(this.#known.of(lines.prefix));
      this.#starts.push(lines.start);
    }
  }

  #make(index: number, filter?: CompiledFilter): string | undefined {
    const lines = this.#lines;
    lines.seek(this.#starts[index]!);
    lines.next();
    let fields = '';
    for (let field = 0; field < lines.fieldCount; field++) {
      const name = lines.keys[field]!;
      if (!filter || filter.hasField(name)) fields += fieldText(fields, name, lines.values[field]!);
    }
    return fields === '' ? undefined : readingText(this.#series[index]!, lines.ms, fields);
  }
}

/** The newest values of a series as readings: fields of one time make one reading. */
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
  return [...byTime.values()].map(({ ms, fields }) => readingText(series, ms, fields));
}

/** Integers beyond 2^53 become strings, as everywhere in JSON answers. @param before the fields that it follows */
function fieldText(before: string, name: string, value: FieldValue): string {
  const text = typeof value === 'bigint' ? `"${value}"` : JSON.stringify(value);
  return `${before === '' ? '' : ','}"${name}":${text}`;
}

/** @param fields as `fieldText` makes them */
function readingText({ device, type, tags }: SeriesIdentity, ms: number, fields: string): string {
  return `{"device":"${device}","type":"${type}","ts":${ms},"tags":${JSON.stringify(tags)},"fields":{${fields}}}`;
}
