/** A reader over readings in an array: no store, only the plainest thing that keeps the port's words. */
import { aggregateRows } from '../../src/domain/aggregate.js';
import { encodePrefix } from '../../src/domain/line.js';
import { compilePatterns } from '../../src/domain/pattern.js';
import type { FieldValue, Kind, Tags } from '../../src/domain/reading.js';
import type {
  AggregateQuery,
  AggregateRow,
  HistoryReader,
  NewestOfSeries,
  ScanQuery,
  ScanRow,
  TypeColumns,
} from '../../src/ports/history-store.js';
import { compareRows } from '../../src/history/row-order.js';

export interface StoredReading {
  ts: bigint;
  device: string;
  type: string;
  tags?: Tags;
  fields: Record<string, FieldValue>;
}

export class MemoryReader implements HistoryReader {
  readonly knowsPositions = false;
  readonly readings: StoredReading[] = [];
  /** Positions that are held. */
  readonly held = new Set<number>();
  scans = 0;
  /** Of a scan, at once. */
  chunkRows = 3;

  hold(position: number): () => void {
    this.held.add(position);
    return () => this.held.delete(position);
  }

  add(...readings: StoredReading[]): this {
    this.readings.push(...readings);
    return this;
  }

  /** What a catalog would know of these readings; whole numbers are floats, bigints integers. */
  types(): TypeColumns[] {
    const types = new Map<string, Map<string, Kind>>();
    for (const { type, fields } of this.readings) {
      const kinds = types.get(type) ?? new Map<string, Kind>();
      for (const [name, value] of Object.entries(fields)) kinds.set(name, kindOf(value));
      types.set(type, kinds);
    }
    return [...types].map(([type, kinds]) => ({ type, fields: [...kinds].map(([name, kind]) => ({ name, kind })) }));
  }

  kinds(): Promise<TypeColumns[]> {
    return Promise.resolve(this.types());
  }

  async *scan(query: ScanQuery): AsyncGenerator<ScanRow[]> {
    this.scans++;
    const compare = compareRows(query.order);
    const isDevice = compilePatterns(query.series.devices);
    const rows = this.#merged(query)
      .filter((row) => row.ts >= query.from && row.ts < query.to && isDevice(row.device))
      .filter((row) => Object.entries(query.series.tags ?? {}).every(([key, value]) => row.tags[key] === value))
      .filter((row) => !query.after || compare(row, query.after) > 0)
      .sort(compare)
      .slice(0, query.limit);
    for (let at = 0; at < rows.length; at += this.chunkRows)
      yield await Promise.resolve(rows.slice(at, at + this.chunkRows));
  }

  async *aggregate(query: AggregateQuery): AsyncGenerator<AggregateRow[]> {
    const { columns, series, edges } = query;
    yield* aggregateRows(this.scan({ columns, series, from: edges[0]!, to: edges.at(-1)!, order: 'asc' }), query);
  }

  async *newest(): AsyncGenerator<NewestOfSeries[]> {
    yield await Promise.resolve([]);
  }

  /** By identity, field by field the last one added. */
  #merged({ columns }: ScanQuery): ScanRow[] {
    const rows = new Map<string, ScanRow>();
    for (const { ts, device, type, tags = {}, fields } of this.readings) {
      const names = columns.find((asked) => asked.type === type)?.fields.map(({ name }) => name) ?? [];
      if (!names.some((name) => fields[name] !== undefined)) continue;
      const series = encodePrefix(type, device, tags);
      const row = rows.get(`${ts} ${series}`) ?? { ts, type, device, tags, series, cells: names.map(() => null) };
      names.forEach((name, index) => (row.cells[index] = fields[name] ?? row.cells[index]!));
      rows.set(`${ts} ${series}`, row);
    }
    return [...rows.values()];
  }
}

function kindOf(value: FieldValue): Kind {
  if (typeof value === 'bigint') return 'integer';
  return typeof value === 'number' ? 'float' : typeof value === 'boolean' ? 'boolean' : 'string';
}
