import type { DuckDBValue } from '@duckdb/node-api';
import type { Cell } from '../../ports/history-store.js';

/** A value of DuckDB as the port has it. @throws when it is of none of the kinds; then a statement is wrong */
export function toCell(value: DuckDBValue): Cell {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (value === null || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string')
    return value;
  throw new Error(`not a cell: ${typeof value}`);
}
