import type { Test } from 'tap';
import type {
  AggregateQuery,
  AggregateRow,
  Cell,
  DeliveryState,
  FieldColumn,
  HistoryStore,
  NewestOfSeries,
  ScanQuery,
  ScanRow,
  TypeColumns,
  WriteBatch,
  WriteResult,
} from '../../../src/ports/history-store.js';
import { plainAggregate } from './plain-aggregate.js';
import { kindOf, lineOf, PlainStore, type Sample } from './plain-store.js';

export interface OpenedStore {
  store: HistoryStore;
  /** Stops it in good order and opens the same data again. */
  restart(): Promise<HistoryStore>;
  close(): Promise<void>;
}

export type OpenStore = () => Promise<OpenedStore>;

/** 2023-11-14T22:13:20Z, where most samples begin. */
export const start = 1_700_000_000_000_000_000n;
export const second = 1_000_000_000n;
const everything = { series: {}, from: 0n, to: 4_000_000_000n * second, order: 'asc' as const };

/** A store under test beside its plain twin: what is put goes to both, and both are asked. */
export class Subject {
  store: HistoryStore;
  readonly plain = new PlainStore();
  readonly #opened: OpenedStore;
  readonly #columns = new Map<string, Map<string, FieldColumn>>();
  #position = 0;

  private constructor(opened: OpenedStore) {
    this.#opened = opened;
    this.store = opened.store;
  }

  static async open(t: Test, open: OpenStore): Promise<Subject> {
    const opened = await open();
    t.teardown(() => opened.close());
    return new Subject(opened);
  }

  async restart(): Promise<void> {
    this.store = await this.#opened.restart();
  }

  /** Writes samples as the next ones in the spool. */
  async put(t: Test, samples: readonly Sample[]): Promise<void> {
    const from = this.#position;
    this.#position += samples.length;
    this.#expect(samples);
    t.same(await this.write(samples, from), { outcome: 'stored' });
  }

  /** As `put`, but prepared before something else is done and written behind that. */
  async putPrepared(t: Test, samples: readonly Sample[], meanwhile: () => Promise<void>): Promise<void> {
    const batch = batchOf(samples, this.#position);
    this.#position += samples.length;
    this.store.writer.prepare(batch);
    await meanwhile();
    this.#expect(samples);
    t.same(await this.store.writer.write(batch, this.stateNow()), { outcome: 'stored' });
  }

  #expect(samples: readonly Sample[]): void {
    this.plain.put(samples);
    for (const { type = 'machine', fields } of samples) {
      const columns = this.#columns.get(type) ?? new Map<string, FieldColumn>();
      this.#columns.set(type, columns);
      for (const [name, value] of Object.entries(fields)) columns.set(name, { name, kind: kindOf(value) });
    }
  }

  /** Writes samples at a position, which they may have been written at before. */
  async write(samples: readonly Sample[], position: number): Promise<WriteResult> {
    return this.store.writer.write(batchOf(samples, position), this.stateNow());
  }

  async remove(t: Test, device: string): Promise<void> {
    this.plain.remove(device);
    t.same(await this.store.writer.remove(device), { outcome: 'removed' });
  }

  stateNow(): DeliveryState {
    return { low: this.#position, ranges: [], stored: this.#position, quarantined: 0 };
  }

  /** Every field of every type that was ever put. */
  get columns(): TypeColumns[] {
    return [...this.#columns].map(([type, fields]) => ({ type, fields: [...fields.values()] }));
  }

  async rows(query: Partial<ScanQuery> = {}): Promise<ScanRow[]> {
    return collect(this.store.reader.scan({ columns: this.columns, ...everything, ...query }));
  }

  async newest(): Promise<NewestOfSeries[]> {
    return collect(this.store.reader.newest());
  }

  async aggregated(query: AggregateQuery): Promise<AggregateRow[]> {
    return collect(this.store.reader.aggregate(query));
  }

  /** @returns the rows, once they are as they have to be */
  async sameRows(t: Test, promise: string, query: Partial<ScanQuery> = {}): Promise<ScanRow[]> {
    const rows = await this.rows(query);
    t.same(rows, this.plain.scan({ columns: this.columns, ...everything, ...query }), promise);
    return rows;
  }

  async sameAggregate(
    t: Test,
    promise: string,
    query: Pick<AggregateQuery, 'edges' | 'group' | 'cells'> & Partial<AggregateQuery>,
  ): Promise<void> {
    const whole = { columns: this.columns, series: {}, ...query };
    const rows = await this.aggregated(whole);
    t.ok(
      rows.every((row, index) => index === 0 || rows[index - 1]!.bucket <= row.bucket),
      `${promise}: in order of buckets`,
    );
    t.same(comparable(rows), comparable(plainAggregate(this.plain, whole)), promise);
  }
}

function batchOf(samples: readonly Sample[], position: number): WriteBatch {
  const payload = Buffer.from(samples.map(lineOf).join(''), 'utf8');
  return { payload, runs: [{ position, count: samples.length }], count: samples.length };
}

async function collect<R>(chunks: AsyncIterable<R[]>): Promise<R[]> {
  const rows: R[] = [];
  for await (const chunk of chunks) rows.push(...chunk);
  return rows;
}

/** Groups of a bucket come in any order, and sums of doubles differ in their last digits with the order of addition. */
function comparable(rows: readonly AggregateRow[]): string[] {
  return rows
    .map((row) => JSON.stringify([row.bucket, row.device, row.type, sorted(row.tags), row.cells.map(rounded)]))
    .sort();
}

function sorted(tags: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
}

function rounded(cell: Cell): unknown {
  if (typeof cell === 'bigint') return `${cell}n`;
  return typeof cell === 'number' && !Number.isInteger(cell) ? Number(cell.toPrecision(10)) : cell;
}
