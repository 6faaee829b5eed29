/** What a store has to answer, worked out in the plainest way that there is: all readings in a map, looked through each time. */
import { encodePrefix } from '../../../src/domain/line.js';
import type { FieldValue, Kind } from '../../../src/domain/reading.js';
import { LineWriter } from '../../../src/domain/line-writer.js';
import { fromNanoseconds } from '../../../src/domain/timestamp.js';
import type { Cell, ScanQuery, ScanRow, SeriesSelection } from '../../../src/ports/history-store.js';

/** In a sample, bigints are integers and numbers are floats. */
export interface Sample {
  type?: string;
  device: string;
  tags?: Record<string, string>;
  ts: bigint;
  fields: Record<string, FieldValue>;
}

export function kindOf(value: FieldValue): Kind {
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return 'float';
  return typeof value === 'boolean' ? 'boolean' : 'string';
}

export function lineOf({ type = 'machine', device, tags = {}, ts, fields }: Sample): string {
  const { ms, ns } = fromNanoseconds(ts);
  const line = new LineWriter();
  line.begin(encodePrefix(type, device, tags), false);
  for (const [name, value] of Object.entries(fields)) line.field(name, value, kindOf(value));
  line.end(ms, ns);
  return line.bytes.toString();
}

/** A reading as it was merged from all samples of its identity. */
export interface Merged extends Required<Sample> {
  series: string;
}

export class PlainStore {
  readonly #readings = new Map<string, Merged>();

  put(samples: readonly Sample[]): void {
    for (const { type = 'machine', device, tags = {}, ts, fields } of samples) {
      const series = encodePrefix(type, device, tags);
      const before = this.#readings.get(`${series} ${ts}`);
      this.#readings.set(`${series} ${ts}`, {
        type,
        device,
        tags,
        ts,
        series,
        fields: { ...before?.fields, ...fields },
      });
    }
  }

  remove(device: string): void {
    for (const [key, reading] of this.#readings) if (reading.device === device) this.#readings.delete(key);
  }

  select(selection: SeriesSelection, from: bigint, to: bigint): Merged[] {
    const { devices, tags = {} } = selection;
    return [...this.#readings.values()]
      .filter((reading) => reading.ts >= from && reading.ts < to)
      .filter((reading) => !devices || devices.some((pattern) => matches(pattern, reading.device)))
      .filter((reading) => Object.entries(tags).every(([key, pattern]) => matches(pattern, reading.tags[key])))
      .sort(inOrder);
  }

  scan({ columns, series, from, to, order, limit, after }: ScanQuery): ScanRow[] {
    const rows = this.select(series, from, to).flatMap((reading) => {
      const fields = columns.find((column) => column.type === reading.type)?.fields ?? [];
      const cells = fields.map(({ name }) => cellOf(reading.fields[name]));
      const { ts, type, device, tags } = reading;
      return cells.every((cell) => cell === null) ? [] : [{ ts, type, device, tags, series: reading.series, cells }];
    });
    if (order === 'desc') rows.reverse();
    const behind = rows.filter(
      (row) => !after || (order === 'asc' ? inOrder(row, after) > 0 : inOrder(row, after) < 0),
    );
    return behind.slice(0, limit);
  }
}

export function cellOf(value: FieldValue | undefined): Cell {
  if (value === undefined) return null;
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** By time, then by the bytes of the prefix. */
function inOrder(a: { ts: bigint; series: string }, b: { ts: bigint; series: string }): number {
  if (a.ts !== b.ts) return a.ts < b.ts ? -1 : 1;
  return Buffer.compare(Buffer.from(a.series), Buffer.from(b.series));
}

/** Tries every way to spread the name over the stars. */
function matches(pattern: string, name: string | undefined): boolean {
  if (name === undefined) return false;
  const [start, ...rest] = pattern.split('*');
  if (!name.startsWith(start!)) return false;
  const behind = name.slice(start!.length);
  if (rest.length === 0) return behind === '';
  return Array.from({ length: behind.length + 1 }, (_, skip) => behind.slice(skip)).some((tail) =>
    matches(rest.join('*'), tail),
  );
}
