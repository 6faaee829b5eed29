/**
 * Readings that follow each other in the feed, from a publication or from the spool: lines as they are, of which a reading
 * becomes JSON when somebody is to see it, and once however many do.
 */
import { LineReader } from '../domain/line.js';
import type { FieldValue } from '../domain/reading.js';
import type { ReadingLines } from '../ports/feed.js';
import type { CompiledFilter } from './filter.js';
import type { LiveSeries, SeriesDirectory, SeriesText } from './series.js';

/** Whether a field is to be shown. */
export type Chooses = (name: string) => boolean;

export class Readings {
  /** The instance that accepted them; `position` is its own. */
  readonly origin: string;
  readonly position: number;
  readonly count: number;
  /** Of the lines. */
  readonly characters: number;
  readonly #lines: LineReader;
  readonly #directory: SeriesDirectory;
  /** Of each line: its series, and where it begins. */
  readonly #series: LiveSeries[] = [];
  readonly #starts: number[] = [];
  readonly #texts: (string | undefined)[] = [];
  #bySeries: Map<LiveSeries, number[]> | undefined;

  constructor(origin: string, { position, count, payload }: ReadingLines, directory: SeriesDirectory) {
    this.origin = origin;
    this.position = position;
    this.count = count;
    this.characters = payload.length;
    this.#lines = new LineReader(payload);
    this.#directory = directory;
  }

  get end(): number {
    return this.position + this.count;
  }

  seriesOf(index: number): LiveSeries {
    if (this.#series.length === 0) this.#survey();
    return this.#series[index]!;
  }

  /** The whole reading. */
  text(index: number): string {
    return (this.#texts[index] ??= this.#render(index)!);
  }

  /** @returns undefined when nothing of the reading is chosen */
  textOf(index: number, chooses: Chooses): string | undefined {
    return this.#render(index, chooses);
  }

  /** Stands on the line of a reading: `ms`, `ns`, `keys` and `values` are its own until another one is looked at. */
  look(index: number): LineReader {
    const lines = this.#lines;
    lines.seek(this.#startOf(index));
    lines.next();
    return lines;
  }

  /** Indexes of the readings whose series match, ascending. Each series is asked once, not each reading. */
  matching(filter: CompiledFilter): number[] {
    if (filter.takesAll) return Array.from({ length: this.count }, (_, index) => index);
    this.#bySeries ??= this.#sort();
    const found: number[][] = [];
    for (const [series, indexes] of this.#bySeries) if (filter.matches(series)) found.push(indexes);
    return found.length === 1 ? found[0]! : found.flat().sort((a, b) => a - b);
  }

  #sort(): Map<LiveSeries, number[]> {
    const bySeries = new Map<LiveSeries, number[]>();
    for (let index = 0; index < this.count; index++) {
      const series = this.seriesOf(index);
      const indexes = bySeries.get(series);
      if (indexes) indexes.push(index);
      else bySeries.set(series, [index]);
    }
    return bySeries;
  }

  #survey(): void {
    const lines = this.#lines;
    lines.seek(0);
    while (lines.skip()) {
      this.#series.push(this.#directory.of(lines.prefix));
      this.#starts.push(lines.start);
    }
    if (this.#starts.length !== this.count) throw new Error(`${this.#starts.length} lines, not ${this.count}`);
  }

  #startOf(index: number): number {
    if (this.#series.length === 0) this.#survey();
    return this.#starts[index]!;
  }

  #render(index: number, chooses?: Chooses): string | undefined {
    const { keys, values, fieldCount, ms } = this.look(index);
    let fields = '';
    for (let field = 0; field < fieldCount; field++) {
      const name = keys[field]!;
      if (!chooses || chooses(name)) fields += fieldText(fields, name, values[field]!);
    }
    return fields === '' ? undefined : readingText(this.#series[index]!, ms, fields);
  }
}

/** Integers beyond 2^53 become strings, as everywhere in JSON answers. @param before the fields that it follows */
export function fieldText(before: string, name: string, value: FieldValue): string {
  const text = typeof value === 'bigint' ? `"${value}"` : JSON.stringify(value);
  return `${before === '' ? '' : ','}"${name}":${text}`;
}

/** @param fields as `fieldText` makes them */
export function readingText(series: SeriesText, ms: number, fields: string): string {
  return `${series.head}${ms}${series.middle}${fields}}}`;
}
