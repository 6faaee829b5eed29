/**
 * The least that could put the same rows into DuckDB: the wide table, appended in column chunks from arrays that are ready,
 * and committed as often as ours. What it gives up is everything else: no reading, no parsing, no late rows, no names.
 */
import { BIGINT, DOUBLE, DuckDBDataChunk, DuckDBInstance, INTEGER, VARCHAR, type DuckDBVector } from '@duckdb/node-api';
import { deviceCount, firstTimeMs, readingText, stepMs } from '../shape.js';

const chunkRows = 2048;
const rowsOfCommit = 50_000;

/** One commit's worth, which is appended again and again. */
interface Columns {
  ts: BigInt64Array;
  series: Int32Array;
  seq: BigInt64Array;
  temperature: Float64Array;
  pressure: Float64Array;
  state: string[];
}

function readyColumns(): Columns {
  const states: string[] = [];
  const columns = {
    ts: new BigInt64Array(rowsOfCommit),
    series: new Int32Array(rowsOfCommit),
    seq: new BigInt64Array(rowsOfCommit),
    temperature: new Float64Array(rowsOfCommit),
    pressure: new Float64Array(rowsOfCommit),
    state: states,
  };
  for (let row = 0; row < rowsOfCommit; row++) {
    const device = row % deviceCount;
    const { fields } = JSON.parse(readingText(device, device, firstTimeMs)) as {
      fields: { temperature: number; pressure: number; state: string };
    };
    columns.ts[row] = BigInt(firstTimeMs + Math.floor(row / deviceCount) * stepMs) * 1_000_000n;
    columns.series[row] = device;
    columns.seq[row] = BigInt(row);
    columns.temperature[row] = fields.temperature;
    columns.pressure[row] = fields.pressure;
    states.push(fields.state);
  }
  return columns;
}

/** @returns how long the rows took, from the first commit begun to the last one done */
export async function appendBare(file: string, rows: number): Promise<number> {
  const columns = readyColumns();
  const instance = await DuckDBInstance.create(file, { checkpoint_threshold: '128MiB' });
  const connection = await instance.connect();
  try {
    await connection.run(
      'CREATE TABLE wide (ts BIGINT, series INTEGER, seq BIGINT, temperature DOUBLE, pressure DOUBLE, state VARCHAR)',
    );
    const startedAtMs = performance.now();
    for (let done = 0; done < rows; done += rowsOfCommit) {
      await connection.run('BEGIN');
      const appender = await connection.createAppender('wide');
      const chunk = DuckDBDataChunk.create([BIGINT, INTEGER, BIGINT, DOUBLE, DOUBLE, VARCHAR]);
      const end = Math.min(rowsOfCommit, rows - done);
      for (let from = 0; from < end; from += chunkRows) {
        const count = Math.min(chunkRows, end - from);
        chunk.reset();
        chunk.rowCount = count;
        for (const [index, values] of Object.values(columns).entries()) {
          fill(chunk.getColumnVector(index), values as ArrayLike<bigint | number | string>, from, count);
        }
        appender.appendDataChunk(chunk);
      }
      appender.closeSync();
      await connection.run('COMMIT');
    }
    return performance.now() - startedAtMs;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function fill(vector: DuckDBVector, values: ArrayLike<bigint | number | string>, from: number, count: number): void {
  for (let index = 0; index < count; index++) vector.setItem(index, values[from + index]!);
  vector.flush();
}
