import type { DuckDBConnection } from '@duckdb/node-api';
import { aggregate } from './aggregate.js';
import type { Catalog } from './catalog.js';
import { newest } from './newest.js';
import type { Query, QueryChunk } from './protocol.js';
import { scan } from './scan.js';

/** A query on a connection of its own, from its first chunk to its end or cancellation. */
export class RunningQuery {
  readonly #connection: DuckDBConnection;
  readonly #chunks: AsyncGenerator<QueryChunk>;

  constructor(connection: DuckDBConnection, catalog: Catalog, query: Query) {
    this.#connection = connection;
    this.#chunks = run(connection, catalog, query);
  }

  /** @returns null at the end; then, and after a failure, the query needs no `cancel` */
  async next(): Promise<QueryChunk | null> {
    try {
      const step = await this.#chunks.next();
      if (!step.done) return step.value;
    } catch (error) {
      this.#connection.closeSync();
      throw error;
    }
    this.#connection.closeSync();
    return null;
  }

  /** Breaks off a statement that is running, rather than waiting for its end. */
  async cancel(): Promise<void> {
    this.#connection.interrupt();
    await this.#chunks.return(undefined);
    this.#connection.closeSync();
  }
}

function run(connection: DuckDBConnection, catalog: Catalog, query: Query): AsyncGenerator<QueryChunk> {
  if (query.kind === 'scan') return scan(connection, catalog, query.scan);
  if (query.kind === 'aggregate') return aggregate(connection, catalog, query.aggregate);
  return newest(connection, catalog);
}
