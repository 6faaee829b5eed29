/**
 * The values of a column, in memory as DuckDB has it: to bring them to a vector is a copy then. A call for each value, as
 * the client's own vectors want it, took 8 ms for 40,000 readings where this takes 5, and made a bigint of each time and position.
 */
import duckdb from '@duckdb/node-bindings';
import type { FieldValue, Kind } from '../../domain/reading.js';

/** Rows at a time, as many as a vector of DuckDB has. */
export const chunkRows = 2048;
/** What there is room for at first; the double of it, when that is not enough. */
export const initialRows = 1024;
const twoTo32 = 4_294_967_296;

/** Little-endian halves of 64-bit integers. */
type Words = Uint32Array<ArrayBuffer>;
type Bytes = Uint8Array<ArrayBuffer>;

/** Rows of a chunk that do not stand in a row are gathered here. */
const gatheredWords = new Uint32Array(chunkRows * 2);
const gatheredBytes = new Uint8Array(chunkRows);
/** A bit for each row of a chunk: whether it has a value. */
const validity = new Uint32Array(chunkRows / 32);

/** The values of one field. Rows beyond `#length`, and those that are marked absent, have none. */
export class FieldColumn {
  readonly #kind: Kind;
  #length = 0;
  #absent = 0;
  /** 1 where there is a value. */
  #present: Bytes = new Uint8Array(initialRows);
  /** One of these has the values. */
  #floats = new Float64Array(0);
  #integers: Words = new Uint32Array(0);
  #booleans: Bytes = new Uint8Array(0);
  readonly #strings: string[] = [];

  constructor(kind: Kind) {
    this.#kind = kind;
    this.#hold(initialRows);
  }

  clear(): void {
    this.#present.fill(0, 0, this.#length);
    // What is left there would keep the text in memory that it was cut from.
    this.#strings.fill('');
    this.#length = 0;
    this.#absent = 0;
  }

  /** @param row behind all that were set before */
  set(row: number, value: FieldValue): void {
    while (row >= this.#present.length) this.#grow();
    this.#absent += row - this.#length;
    switch (this.#kind) {
      case 'float':
        this.#floats[row] = Number(value);
        break;
      case 'integer':
        setInteger(this.#integers, row, value as number | bigint);
        break;
      case 'boolean':
        this.#booleans[row] = value === true ? 1 : 0;
        break;
      case 'string':
        while (this.#strings.length < row) this.#strings.push('');
        this.#strings[row] = value as string;
    }
    this.#present[row] = 1;
    this.#length = row + 1;
  }

  copyTo(vector: duckdb.Vector, rows: Int32Array): void {
    switch (this.#kind) {
      case 'float':
        copyTo(vector, new Uint32Array(this.#floats.buffer), 2, rows);
        break;
      case 'integer':
        copyTo(vector, this.#integers, 2, rows);
        break;
      case 'boolean':
        copyTo(vector, this.#booleans, 1, rows);
        break;
      case 'string':
        this.#copyStrings(vector, rows);
    }
    if (this.#absent > 0 || rows.at(-1)! >= this.#length) markAbsent(vector, this.#present, rows);
  }

  #copyStrings(vector: duckdb.Vector, rows: Int32Array): void {
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index]!;
      if (this.#present[row] === 1) duckdb.vector_assign_string_element(vector, index, this.#strings[row]!);
    }
  }

  #grow(): void {
    const capacity = this.#present.length * 2;
    this.#present = grown(this.#present, new Uint8Array(capacity));
    this.#hold(capacity);
  }

  #hold(rows: number): void {
    if (this.#kind === 'float') this.#floats = grown(this.#floats, new Float64Array(rows));
    else if (this.#kind === 'integer') this.#integers = grown(this.#integers, new Uint32Array(rows * 2));
    else if (this.#kind === 'boolean') this.#booleans = grown(this.#booleans, new Uint8Array(rows));
  }
}

/** Marks a column none of whose rows has a value. */
export function fillNulls(vector: duckdb.Vector): void {
  validity.fill(0);
  setValidity(vector);
}

/** @param value fits into 64 bits */
function setInteger(words: Words, row: number, value: number | bigint): void {
  const at = row * 2;
  if (typeof value === 'number') {
    words[at] = value;
    words[at + 1] = Math.floor(value / twoTo32);
  } else {
    words[at] = Number(BigInt.asUintN(32, value));
    words[at + 1] = Number(BigInt.asUintN(32, value >> 32n));
  }
}

/**
 * @param perRow how many elements a row has
 * @param rows in ascending order, as many as a chunk has at most
 */
export function copyTo(vector: duckdb.Vector, from: Words | Bytes, perRow: 1 | 2, rows: Int32Array): void {
  const first = rows[0]!;
  const bytesOfRow = from.BYTES_PER_ELEMENT * perRow;
  const bytes = rows.length * bytesOfRow;
  if (rows[rows.length - 1]! - first === rows.length - 1) {
    duckdb.copy_data_to_vector(vector, 0, from.buffer, first * bytesOfRow, bytes);
    return;
  }
  const gathered = from instanceof Uint32Array ? gatheredWords : gatheredBytes;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    for (let part = 0; part < perRow; part++) gathered[index * perRow + part] = from[row * perRow + part]!;
  }
  duckdb.copy_data_to_vector(vector, 0, gathered.buffer, 0, bytes);
}

function markAbsent(vector: duckdb.Vector, present: Bytes, rows: Int32Array): void {
  validity.fill(0);
  for (let index = 0; index < rows.length; index++) {
    if (present[rows[index]!] === 1) validity[index >>> 5]! |= 1 << (index & 31);
  }
  setValidity(vector);
}

function setValidity(vector: duckdb.Vector): void {
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, validity.buffer, 0, validity.byteLength);
}

/** @returns `to`, which is larger, with all of `from` */
export function grown<A extends Uint8Array | Uint32Array | Int32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
