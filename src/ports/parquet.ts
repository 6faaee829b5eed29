/** Tables as Parquet files. */
import type { Kind } from '../domain/reading.js';
import type { Cell } from './history-store.js';

export interface ParquetColumn {
  name: string;
  /** `time`: nanoseconds since 1970, as bigints. Integers are bigints too. */
  kind: Kind | 'time';
}

export interface ParquetTable {
  columns: ParquetColumn[];
  /** Rows in chunks of any size, column by column. */
  chunks: AsyncIterable<Cell[][]>;
}

export interface ParquetFile {
  byteLength: number;
  /** To be read once. */
  bytes(): AsyncIterable<Uint8Array>;
  /** Removes it, read or not. */
  discard(): Promise<void>;
}

export interface ParquetWriter {
  /**
   * Writes a table of any size, in bounded memory; the file is there until it is discarded.
   * @throws what `chunks` throws, and the signal's reason when it is aborted
   */
  write(table: ParquetTable, signal: AbortSignal): Promise<ParquetFile>;
}
