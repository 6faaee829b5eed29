/**
 * InfluxDB 3 Core plans no query that would read more than 432 Parquet files, about 72 h, unless its `--query-file-limit`
 * says otherwise: "Query would exceed file limit of 432 parquet files. Please specify a smaller time range". Half the range
 * has about half the files, so it is asked for in parts. The refusal comes before any row.
 */
import { HttpError } from '@influxdata/influxdb-client';
import { StoreAway } from '../../ports/history-store.js';
import { serverWords } from './errors.js';
import { StatementFailed } from './query.js';

/** Without a row given; ask for less. */
export class TooManyFiles extends Error {}

const words = /would exceed file limit of \d+ parquet files/i;
/** A part so short has the files of one block of ten minutes; parting it again gives the same. */
const shortestPartNs = 1_000_000_000n;

export interface TimePart {
  from: bigint;
  to: bigint;
}

/** @returns undefined for any other error */
export function tooManyFiles(error: unknown): TooManyFiles | undefined {
  const said = error instanceof HttpError ? serverWords(error) : error instanceof StatementFailed ? error.message : '';
  return words.test(said) ? new TooManyFiles(said) : undefined;
}

/** Asks for a range, in halves where it is too much at once; what comes first in the order is asked for first. */
export async function* inParts<T>(
  range: TimePart,
  order: 'asc' | 'desc',
  ask: (part: TimePart) => AsyncIterable<T>,
): AsyncGenerator<T> {
  try {
    yield* ask(range);
    return;
  } catch (error) {
    if (!(error instanceof TooManyFiles)) throw error;
    if (range.to - range.from <= shortestPartNs) throw new StoreAway(`InfluxDB cannot be asked: ${error.message}`);
  }
  const middle = range.from + (range.to - range.from) / 2n;
  const halves = [
    { from: range.from, to: middle },
    { from: middle, to: range.to },
  ];
  for (const half of order === 'asc' ? halves : halves.reverse()) yield* inParts(half, order, ask);
}
