/**
 * One table on its way into a Parquet file. The rows go into a table in memory first, of which DuckDB puts on disk what is
 * beyond its limit: a file of any size in a bounded amount of memory. Names from outside are only ever column aliases, quoted.
 */
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBDataChunk,
  DuckDBInstance,
  VARCHAR,
  type DuckDBAppender,
  type DuckDBConnection,
} from '@duckdb/node-api';
import { statSync } from 'node:fs';
import path from 'node:path';
import type { Cell } from '../../ports/history-store.js';
import type { ParquetColumn } from '../../ports/parquet.js';

export interface ParquetJobOptions {
  /** For the file and for what does not fit into memory; of this job alone. */
  directory: string;
  columns: ParquetColumn[];
  maxMemoryBytes: number;
}

const columnTypes = { time: BIGINT, float: DOUBLE, integer: BIGINT, boolean: BOOLEAN, string: VARCHAR };
/** Rows that DuckDB takes at once. */
const chunkRows = 2048;
/** A group of rows is in memory as a whole, so wide rows make shorter groups. */
const rowGroupBytes = 16 * 2 ** 20;
const maxRowGroupRows = 100_000;
const bytesOfNumber = 8;

export function parquetFile(directory: string): string {
  return path.join(directory, 'table.parquet');
}

export class ParquetJob {
  readonly #options: ParquetJobOptions;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #appender: DuckDBAppender;
  #rows = 0;
  #bytes = 0;

  private constructor(
    options: ParquetJobOptions,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    appender: DuckDBAppender,
  ) {
    this.#options = options;
    this.#instance = instance;
    this.#connection = connection;
    this.#appender = appender;
  }

  static async open(options: ParquetJobOptions): Promise<ParquetJob> {
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${Math.floor(options.maxMemoryBytes / 1024)}KiB`,
      temp_directory: options.directory,
      // One thread: an export is not to take the machine from those who send readings.
      threads: '1',
      preserve_insertion_order: 'true',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    const connection = await instance.connect();
    const columns = options.columns.map(({ kind }, index) => `c${index} ${columnTypes[kind].toString()}`);
    await connection.run(`CREATE TABLE rows (${columns.join(', ')})`);
    return new ParquetJob(options, instance, connection, await connection.createAppender('rows'));
  }

  append(columns: Cell[][]): void {
    const rows = columns[0]?.length ?? 0;
    this.#rows += rows;
    for (const cells of columns) this.#bytes += bytesOf(cells);
    const chunk = DuckDBDataChunk.create(this.#options.columns.map(({ kind }) => columnTypes[kind]));
    for (let from = 0; from < rows; from += chunkRows) {
      chunk.reset();
      chunk.setColumns(columns.map((cells) => cells.slice(from, from + chunkRows)));
      this.#appender.appendDataChunk(chunk);
    }
  }

  /** @returns how long the file is */
  async finish(): Promise<number> {
    const { columns, directory } = this.#options;
    this.#appender.closeSync();
    const selected = columns.map(({ name, kind }, index) => {
      return `${kind === 'time' ? `make_timestamp_ns(c${index})` : `c${index}`} AS "${name.replaceAll('"', '""')}"`;
    });
    const file = parquetFile(directory).replaceAll("'", "''");
    await this.#connection.run(
      `COPY (SELECT ${selected.join(', ')} FROM rows) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE ${this.#rowsOfGroup()})`,
    );
    return statSync(parquetFile(directory)).size;
  }

  #rowsOfGroup(): number {
    const rows = Math.floor(rowGroupBytes / Math.max(1, this.#bytes / Math.max(1, this.#rows)));
    return Math.max(chunkRows, Math.min(maxRowGroupRows, Math.ceil(rows / chunkRows) * chunkRows));
  }

  /** Ends a statement that is under way. */
  interrupt(): void {
    this.#connection.interrupt();
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

function bytesOf(cells: readonly Cell[]): number {
  let bytes = cells.length * bytesOfNumber;
  for (const cell of cells) if (typeof cell === 'string') bytes += cell.length * 2;
  return bytes;
}
