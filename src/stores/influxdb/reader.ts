/** Answers what history asks, by InfluxQL: the one language that 1.x, 2.x and 3.x have in common. */
import { aggregateRows } from '../../domain/aggregate.js';
import { isKey, isTypeName, type Kind } from '../../domain/reading.js';
import {
  type AggregateQuery,
  type AggregateRow,
  type HistoryReader,
  type NewestOfSeries,
  type ScanQuery,
  type ScanRow,
  StoreAway,
  type TypeColumns,
} from '../../ports/history-store.js';
import { aggregateByCalls } from './aggregate.js';
import { planAggregate } from './aggregate-plan.js';
import { describeFailure } from './errors.js';
import { tooManyFiles } from './file-limit.js';
import { mergeRows } from './merge.js';
import { newestOfType } from './newest.js';
import { query, type QuerySeries, StatementFailed } from './query.js';
import { rowOrder, scanType } from './scan.js';
import type { ServerProbe } from './server.js';
import { TagKeys } from './tag-keys.js';
import type { InfluxTransport } from './transport.js';

export class InfluxReader implements HistoryReader {
  readonly knowsPositions = false;

  hold(): () => void {
    return () => undefined;
  }
  readonly #transport: InfluxTransport;
  readonly #probe: ServerProbe;
  readonly #database: string;
  readonly #timeoutMs: number;
  readonly #tagKeys = new TagKeys((statement) => this.#show(statement));

  constructor(transport: InfluxTransport, probe: ServerProbe, database: string, timeoutMs: number) {
    this.#transport = transport;
    this.#probe = probe;
    this.#database = database;
    this.#timeoutMs = timeoutMs;
  }

  /** Measurements and fields whose names are none of ours are somebody else's. */
  async kinds(): Promise<TypeColumns[]> {
    const types: TypeColumns[] = [];
    for (const { name, values } of await this.#show('SHOW FIELD KEYS')) {
      if (!isTypeName(name)) continue;
      const kinds = new Map<string, Kind>();
      for (const [field, kind] of values) {
        if (typeof field === 'string' && isKey(field) && isKind(kind) && !kinds.has(field)) kinds.set(field, kind);
      }
      types.push({ type: name, fields: [...kinds].map(([name, kind]) => ({ name, kind })) });
    }
    return types;
  }

  async *scan(scan: ScanQuery): AsyncGenerator<ScanRow[]> {
    const columns = scan.columns.filter(({ type, fields }) => isTypeName(type) && fields.length > 0);
    if (columns.length === 0 || scan.from >= scan.to) return;
    const rooms = { select: (statement: string) => this.#select(statement), tagKeys: this.#tagKeys };
    const streams = columns.map(({ type, fields }) => scanType(rooms, { ...scan, type, fields }));
    yield* firstRows(mergeRows(streams, rowOrder(scan.order)), scan.limit);
  }

  async *aggregate(aggregate: AggregateQuery): AsyncGenerator<AggregateRow[]> {
    if (aggregate.edges.length < 2) return;
    const plan = planAggregate(aggregate);
    if (!plan) {
      yield* this.#aggregatePlainly(aggregate);
      return;
    }
    const source = {
      select: (statements: string) => this.#select(statements),
      tagKeys: this.#tagKeys,
      plainly: (query: AggregateQuery) => this.#aggregatePlainly(query),
    };
    yield* aggregateByCalls(source, aggregate, plan);
  }

  #aggregatePlainly(aggregate: AggregateQuery): AsyncGenerator<AggregateRow[]> {
    const { columns, series, edges } = aggregate;
    return aggregateRows(this.scan({ columns, series, from: edges[0]!, to: edges.at(-1)!, order: 'asc' }), aggregate);
  }

  async *newest(): AsyncGenerator<NewestOfSeries[]> {
    for (const { type, fields } of await this.kinds()) {
      yield* newestOfType((statement) => this.#select(statement), type, fields);
    }
  }

  async #show(statement: string): Promise<QuerySeries[]> {
    const all: QuerySeries[] = [];
    for await (const series of this.#select(statement)) all.push(...series);
    return all;
  }

  async *#select(statement: string): AsyncGenerator<QuerySeries[]> {
    let notMapped: string | undefined;
    try {
      ({ notMapped } = await this.#probe.find());
      yield* query(this.#transport, this.#database, statement, this.#timeoutMs);
    } catch (error) {
      throw tooManyFiles(error) ?? this.#storeAway(error, notMapped) ?? error;
    }
  }

  /** A database that was dropped is made again with the next request; until then the store is away. */
  #storeAway(error: unknown, notMapped: string | undefined): StoreAway | undefined {
    const failure = describeFailure(error);
    const isMissing = error instanceof StatementFailed && error.message.startsWith('database not found');
    if (!isMissing && failure?.outcome !== 'temporary') return undefined;
    this.#probe.forget();
    const reason = failure?.reason ?? `InfluxDB says: ${(error as StatementFailed).message}`;
    return new StoreAway(notMapped === undefined ? reason : `${reason}; and it could not be mapped: ${notMapped}`);
  }
}

async function* firstRows(chunks: AsyncIterable<ScanRow[]>, limit: number | undefined): AsyncGenerator<ScanRow[]> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  for await (const rows of chunks) {
    yield rows.length > left ? rows.slice(0, left) : rows;
    left -= rows.length;
    if (left <= 0) return;
  }
}

function isKind(kind: unknown): kind is Kind {
  return kind === 'float' || kind === 'integer' || kind === 'boolean' || kind === 'string';
}
