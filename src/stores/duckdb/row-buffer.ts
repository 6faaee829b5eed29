import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBDataChunk,
  INTEGER,
  VARCHAR,
  type DuckDBAppender,
  type DuckDBType,
  type DuckDBVector,
} from '@duckdb/node-api';
import type { FieldValue, Kind } from '../../domain/reading.js';

const initialRows = 1024;
const chunkRows = 2048;
const twoTo16 = 65_536;
const twoTo32 = 4_294_967_296;

const vectorTypes: Record<Kind, DuckDBType> = { float: DOUBLE, integer: BIGINT, boolean: BOOLEAN, string: VARCHAR };

/** Rows on their way into one table, held by column. */
export class RowBuffer {
  rows = 0;
  #capacity = initialRows;
  /** Times and positions are written as pairs of 32-bit halves: making bigints took a third of the whole parse. */
  #ts = new Uint32Array(initialRows * 2);
  #seq = new Uint32Array(initialRows * 2);
  #series = new Int32Array(initialRows);
  readonly #columns: Column[] = [];

  addRow(ms: number, ns: number, seq: number, series: number): void {
    if (this.rows === this.#capacity) this.#grow();
    const at = this.rows++ * 2;
    // (ms * 1e6 + ns) in parts that doubles hold exactly: ms = above * 2^16 + below.
    const above = Math.floor(ms / twoTo16) * 1_000_000;
    const low = (above % twoTo16) * twoTo16 + (ms % twoTo16) * 1_000_000 + ns;
    this.#ts[at] = low;
    this.#ts[at + 1] = Math.floor(above / twoTo16) + Math.floor(low / twoTo32);
    this.#seq[at] = seq;
    this.#seq[at + 1] = Math.floor(seq / twoTo32);
    this.#series[at >> 1] = series;
  }

  /** A value of the row that was added last. */
  setField(ordinal: number, kind: Kind, value: FieldValue): void {
    const column = (this.#columns[ordinal] ??= new Column(kind));
    column.set(this.rows - 1, value);
  }

  /** The earliest and the latest time of all rows. */
  timeRange(): { from: bigint; to: bigint } {
    const times = new BigInt64Array(this.#ts.buffer, 0, this.rows);
    let from = times[0]!;
    let to = from;
    for (const time of times) {
      if (time < from) from = time;
      else if (time > to) to = time;
    }
    return { from, to };
  }

  /** Appends all rows to a table with `kinds` of fields behind ts, series and seq. */
  appendTo(appender: DuckDBAppender, kinds: readonly Kind[]): void {
    const chunk = DuckDBDataChunk.create([BIGINT, INTEGER, BIGINT, ...kinds.map((kind) => vectorTypes[kind])]);
    const times = new BigInt64Array(this.#ts.buffer);
    const positions = new BigInt64Array(this.#seq.buffer);
    for (let from = 0; from < this.rows; from += chunkRows) {
      const count = Math.min(chunkRows, this.rows - from);
      chunk.reset();
      chunk.rowCount = count;
      fill(chunk.getColumnVector(0), times, from, count);
      fill(chunk.getColumnVector(1), this.#series, from, count);
      fill(chunk.getColumnVector(2), positions, from, count);
      for (let ordinal = 0; ordinal < kinds.length; ordinal++) {
        const vector = chunk.getColumnVector(ordinal + 3);
        const column = this.#columns[ordinal];
        if (column) column.fill(vector, from, count);
        else fillNulls(vector, count);
      }
      appender.appendDataChunk(chunk);
    }
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#ts = grown(this.#ts, new Uint32Array(this.#capacity * 2));
    this.#seq = grown(this.#seq, new Uint32Array(this.#capacity * 2));
    this.#series = grown(this.#series, new Int32Array(this.#capacity));
  }
}

/** The values of one field. Rows beyond `#length`, and those that are marked absent, have none. */
class Column {
  readonly #kind: Kind;
  #length = 0;
  #absent = 0;
  /** 1 where there is a value. */
  #present = new Uint8Array(initialRows);
  #floats = new Float64Array(0);
  readonly #others: FieldValue[] = [];

  constructor(kind: Kind) {
    this.#kind = kind;
    if (kind === 'float') this.#floats = new Float64Array(initialRows);
  }

  set(row: number, value: FieldValue): void {
    while (row >= this.#present.length) this.#grow();
    this.#absent += row - this.#length;
    if (this.#kind === 'float') this.#floats[row] = Number(value);
    else {
      while (this.#others.length < row) this.#others.push(false);
      this.#others[row] = this.#kind === 'integer' && typeof value === 'number' ? BigInt(value) : value;
    }
    this.#present[row] = 1;
    this.#length = row + 1;
  }

  /** Nulls last: while a vector has none yet, setting a value costs no look at its validity mask. */
  fill(vector: DuckDBVector, from: number, count: number): void {
    const values = this.#kind === 'float' ? this.#floats : this.#others;
    const end = Math.max(0, Math.min(count, this.#length - from));
    for (let index = 0; index < end; index++) {
      if (this.#present[from + index] === 1) vector.setItem(index, values[from + index]!);
    }
    for (let index = this.#absent > 0 ? 0 : end; index < count; index++) {
      if (index >= end || this.#present[from + index] === 0) vector.setItem(index, null);
    }
    vector.flush();
  }

  #grow(): void {
    const capacity = this.#present.length * 2;
    this.#present = grown(this.#present, new Uint8Array(capacity));
    if (this.#kind === 'float') this.#floats = grown(this.#floats, new Float64Array(capacity));
  }
}

function fill(vector: DuckDBVector, values: BigInt64Array | Int32Array, from: number, count: number): void {
  for (let index = 0; index < count; index++) vector.setItem(index, values[from + index]!);
  vector.flush();
}

function fillNulls(vector: DuckDBVector, count: number): void {
  for (let index = 0; index < count; index++) vector.setItem(index, null);
  vector.flush();
}

function grown<A extends Uint8Array | Uint32Array | Int32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
