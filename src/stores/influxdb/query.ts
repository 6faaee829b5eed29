/**
 * InfluxQL over `/query`, answered in chunks:
 *
 *     {"results":[{"statement_id":0,"series":[{"name":"m","tags":{…},"columns":["time",…],"values":[[…]],"partial":true}]}]}⏎
 *
 * JSON, because in CSV a failed statement is 200 with an empty body. Without `epoch`, because times as text keep their
 * nanoseconds. A statement that failed says so in its `error`, still with 200.
 */
import { parseLosslessly } from './lossless-json.js';
import type { InfluxTransport } from './transport.js';

export interface QuerySeries {
  name: string;
  tags?: Record<string, string>;
  columns: string[];
  values: (string | number | boolean | null)[][];
}

interface QueryAnswer {
  error?: string;
  results?: { error?: string; series?: QuerySeries[] }[];
}

/** InfluxDB understood the request and the statement failed. */
export class StatementFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StatementFailed';
  }
}

/** The answer holds a number that JSON has no way to say: a sum or a deviation beyond what a double holds. */
export class NotInJson extends StatementFailed {}

/** Rows that one chunk of an answer has at most: what is held in memory of an answer of any size. */
const chunkRows = 5000;

/**
 * Runs statements that give rows, SELECT or SHOW, separated by `;`. The deadline is for each wait, so a long answer may take its time, and so may who reads it.
 * Leaving the loop early ends the query on the server.
 * @throws StatementFailed, and the client's errors
 */
export async function* query(
  transport: InfluxTransport,
  database: string,
  statement: string,
  timeoutMs: number,
): AsyncGenerator<QuerySeries[]> {
  const abort = new AbortController();
  const path = `/query?db=${encodeURIComponent(database)}&chunked=true&chunk_size=${chunkRows}`;
  const bytes = transport.transport.iterate(path, form(statement), { ...formRequest, signal: abort.signal });
  for await (const some of lines(withDeadline(bytes, timeoutMs, abort))) {
    yield some.flatMap((line) => seriesOf(answerIn(line)));
  }
}

/** Where a number is infinite, 1.x answers 200 and, in the middle of it, the error of its JSON library. */
function answerIn(line: string): QueryAnswer {
  if (line.startsWith('json: ') && line.includes('unsupported value')) throw new NotInJson(line);
  return parseLosslessly(line) as QueryAnswer;
}

/** Runs a statement that gives no rows, in a database if one is named. @throws as `query` does */
export async function runStatement(transport: InfluxTransport, statement: string, database?: string): Promise<void> {
  const path = database === undefined ? '/query' : `/query?db=${encodeURIComponent(database)}`;
  const answer: unknown = await transport.transport.request(path, form(statement), formRequest);
  seriesOf(answer as QueryAnswer);
}

const formRequest = {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
};

function form(statement: string): string {
  return new URLSearchParams({ q: statement }).toString();
}

async function* withDeadline(
  bytes: AsyncIterableIterator<Uint8Array>,
  timeoutMs: number,
  abort: AbortController,
): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const timer = setTimeout(() => abort.abort(), timeoutMs);
      const next = await bytes.next().finally(() => clearTimeout(timer));
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await bytes.return?.();
  }
}

/** The lines that each chunk of bytes completes. An answer has one for each series: one at a time took half as long again. */
async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let begun: string[] = [];
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    const complete: string[] = [];
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      begun.push(text.slice(from, end));
      complete.push(begun.join(''));
      begun = [];
      from = end + 1;
    }
    begun.push(text.slice(from));
    if (complete.length > 0) yield complete;
  }
  const rest = begun.join('');
  if (rest !== '') yield [rest];
}

function seriesOf(answer: QueryAnswer | undefined): QuerySeries[] {
  const error = answer?.error ?? answer?.results?.find((result) => result.error !== undefined)?.error;
  if (error !== undefined) throw new StatementFailed(error);
  return answer?.results?.flatMap((result) => result.series ?? []) ?? [];
}
