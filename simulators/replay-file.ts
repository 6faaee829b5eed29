/**
 * Recorded data: CSV with a header, one value a row, times in UTC without saying so, in any order:
 *
 *     timestamp,value
 *     2013-12-02 21:15:00,73.96732207
 *
 * A time may appear more than once. Files are read row by row, so their size does not matter.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

export interface Row {
  ts: number;
  value: number;
}

export interface Survey {
  rows: number;
  firstMs: number;
  lastMs: number;
}

const rowForm = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)Z?,(\S+)$/;

/** What is wrong with the file, and in which line. */
export class WrongFile extends Error {}

/** @throws WrongFile */
export async function* readRows(file: string): AsyncGenerator<Row> {
  let line = 0;
  try {
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      line++;
      if (line === 1 || text.trim() === '') continue;
      const row = parseRow(text.trim());
      if (!row) throw new WrongFile(`${file}, line ${line}: not "YYYY-MM-DD HH:MM:SS,number"`);
      yield row;
    }
  } catch (error) {
    if (error instanceof WrongFile) throw error;
    throw new WrongFile(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export function parseRow(text: string): Row | undefined {
  const [, date, time, value] = rowForm.exec(text) ?? [];
  const ts = Date.parse(`${date}T${time}Z`);
  return Number.isNaN(ts) || !Number.isFinite(Number(value)) ? undefined : { ts, value: Number(value) };
}

/** Reads the whole file once, so that a fault in it is known before the first row is sent. @throws WrongFile */
export async function survey(file: string): Promise<Survey> {
  const seen = { rows: 0, firstMs: Infinity, lastMs: -Infinity };
  for await (const { ts } of readRows(file)) {
    seen.rows++;
    seen.firstMs = Math.min(seen.firstMs, ts);
    seen.lastMs = Math.max(seen.lastMs, ts);
  }
  if (seen.rows === 0) throw new WrongFile(`${file} has no rows`);
  return seen;
}
