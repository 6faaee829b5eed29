import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBDataChunk,
  INTEGER,
  VARCHAR,
  type DuckDBAppender,
  type DuckDBType,
} from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { FieldValue, Kind } from '../../domain/reading.js';
import { chunkRows, copyTo, FieldColumn, fillNulls, grown, initialRows } from './column.js';
import type { Table } from './layout.js';
import type { Rests } from './rests.js';
import type { Series } from './series-list.js';

const twoTo16 = 65_536;
const twoTo32 = 4_294_967_296;

const vectorTypes: Record<Kind, DuckDBType> = { float: DOUBLE, integer: BIGINT, boolean: BOOLEAN, string: VARCHAR };

/** Rows on their way into the two tables of a type, held by column. */
export class RowBuffer {
  /** Which rows go where, once `place` has decided it. */
  main = new Int32Array(0);
  late = new Int32Array(0);
  readonly table: Table;
  #rows = 0;
  #capacity = initialRows;
  /** Times and positions are written as pairs of 32-bit halves: making bigints took a third of the whole parse. */
  #ts = new Uint32Array(initialRows * 2);
  #seq = new Uint32Array(initialRows * 2);
  #ids = new Uint32Array(initialRows);
  /** The times again, as they are compared. */
  #ms = new Float64Array(initialRows);
  #ns = new Int32Array(initialRows);
  readonly #series: Series[] = [];
  readonly #columns: (FieldColumn | undefined)[] = [];

  constructor(table: Table) {
    this.table = table;
  }

  /** Forgets its rows, and keeps the memory for others of the same table. */
  clear(): void {
    this.#rows = 0;
    // Some columns may never have had a value.
    for (const column of this.#columns) column?.clear();
  }

  addRow(ms: number, ns: number, seq: number, series: Series): void {
    if (this.#rows === this.#capacity) this.#grow();
    const row = this.#rows++;
    const at = row * 2;
    // (ms * 1e6 + ns) in parts that doubles hold exactly: ms = above * 2^16 + below.
    const above = Math.floor(ms / twoTo16) * 1_000_000;
    const low = (above % twoTo16) * twoTo16 + (ms % twoTo16) * 1_000_000 + ns;
    this.#ts[at] = low;
    this.#ts[at + 1] = Math.floor(above / twoTo16) + Math.floor(low / twoTo32);
    this.#seq[at] = seq;
    this.#seq[at + 1] = Math.floor(seq / twoTo32);
    this.#ms[row] = ms;
    this.#ns[row] = ns;
    this.#ids[row] = series.id;
    this.#series[row] = series;
  }

  /** A value of the row that was added last. */
  setField(ordinal: number, kind: Kind, value: FieldValue): void {
    const column = (this.#columns[ordinal] ??= new FieldColumn(kind));
    column.set(this.#rows - 1, value);
  }

  /**
   * Decides which rows are late, by what the main table has of their series, and that is from now on as if it had these:
   * so this comes right before they are appended, and once.
   * @param stretchOf says of a position where the stretch begins that was delivered ahead and that it is part of, if any
   */
  place(stretchOf: (position: number) => number | undefined): void {
    const main = new Int32Array(this.#rows);
    const late: number[] = [];
    let inMain = 0;
    for (let row = 0; row < this.#rows; row++) {
      const series = this.#series[row]!;
      const ms = this.#ms[row]!;
      const ns = this.#ns[row]!;
      const aheadFrom = stretchOf(this.#seq[row * 2]! + this.#seq[row * 2 + 1]! * twoTo32);
      const isNewest = aheadFrom === undefined ? series.advance(ms, ns) : series.advanceAhead(ms, ns, aheadFrom);
      if (isNewest || series.fill(ms, ns)) main[inMain++] = row;
      else late.push(row);
    }
    this.main = main.subarray(0, inMain);
    this.late = Int32Array.from(late);
  }

  /** The earliest and the latest time of the late rows. */
  lateRange(): { from: bigint; to: bigint } {
    const times = new BigInt64Array(this.#ts.buffer);
    let from = times[this.late[0]!]!;
    let to = from;
    for (const row of this.late) {
      const time = times[row]!;
      if (time < from) from = time;
      else if (time > to) to = time;
    }
    return { from, to };
  }

  /** Appends these rows to its table, which has ts, series and seq before the fields, or to that of its late rows. */
  appendTo(appender: DuckDBAppender, rows: Int32Array, rests: Rests): void {
    const kinds = this.table.fields.map(({ kind }) => kind);
    const chunk = DuckDBDataChunk.create([BIGINT, INTEGER, BIGINT, ...kinds.map((kind) => vectorTypes[kind])]);
    for (let from = 0; from < rows.length; from += chunkRows) {
      const these = rows.subarray(from, from + chunkRows);
      chunk.reset();
      chunk.rowCount = these.length;
      const vectorOf = (index: number) => duckdb.data_chunk_get_vector(chunk.chunk, index);
      copyTo(vectorOf(0), this.#ts, 2, these);
      copyTo(vectorOf(1), this.#ids, 1, these);
      copyTo(vectorOf(2), this.#seq, 2, these);
      for (let ordinal = 0; ordinal < kinds.length; ordinal++) {
        const vector = vectorOf(ordinal + 3);
        const column = this.#columns[ordinal];
        if (column) column.copyTo(vector, these);
        else fillNulls(vector);
      }
      appender.appendDataChunk(chunk);
      rests.after(these.length);
    }
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#ts = grown(this.#ts, new Uint32Array(this.#capacity * 2));
    this.#seq = grown(this.#seq, new Uint32Array(this.#capacity * 2));
    this.#ms = grown(this.#ms, new Float64Array(this.#capacity));
    this.#ns = grown(this.#ns, new Int32Array(this.#capacity));
    this.#ids = grown(this.#ids, new Uint32Array(this.#capacity));
  }
}
