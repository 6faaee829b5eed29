/** The questions of the case `history`, as somebody would write them who asks the store itself. */
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';

export interface Span {
  fromMs: number;
  toMs: number;
  /** Width of a bucket of the first question. */
  bucketMs: number;
  device: string;
}

/** Each asks once, and has read the whole answer when it resolves. @returns how many rows there were */
export interface Questions {
  day: () => Promise<number>;
  bySite: () => Promise<number>;
  newest: () => Promise<number>;
}

export class DirectDuckDb {
  #instance: DuckDBInstance | undefined;
  #connection: DuckDBConnection | undefined;

  /** @param file a copy: the service has the other one open */
  async open(file: string, { fromMs, toMs, bucketMs, device }: Span): Promise<Questions> {
    this.#instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
    const connection = await this.#instance.connect();
    this.#connection = connection;
    const found = await connection.runAndReadAll(`
      SELECT 't' || types.id, 'f' || fields.id FROM types JOIN fields ON fields.type = types.id
      WHERE types.name = 'machine' AND fields.name = 'temperature'`);
    const [table, field] = found.getRows()[0] as [string, string];
    const within = `ts >= ${fromMs}000000 AND ts < ${toMs}000000`;
    const ask = (sql: string) => async () => JSON.stringify((await connection.runAndReadAll(sql)).getRowsJson()).length;
    return {
      day: ask(`
        SELECT (ts - ${fromMs}000000) // ${bucketMs}000000 AS bucket, '${device}', avg(${field}) FROM ${table}
        WHERE ${within} AND series IN (SELECT id FROM series WHERE device = '${device}') GROUP BY bucket ORDER BY bucket`),
      bySite: ask(`
        SELECT tags->>'$.site' AS site, avg(${field}) FROM ${table} JOIN series ON series.id = ${table}.series
        WHERE ${within} GROUP BY site`),
      newest: ask(`SELECT series, max(ts), arg_max(${field}, ts) FROM ${table} WHERE ${within} GROUP BY series`),
    };
  }

  close(): void {
    this.#connection?.closeSync();
    this.#instance?.closeSync();
  }
}

export function directInflux(url: string, database: string, { fromMs, toMs, bucketMs, device }: Span): Questions {
  const within = `time >= ${fromMs}ms AND time < ${toMs}ms`;
  const ask = (q: string) => async () => {
    const response = await fetch(`${url}/query?db=${database}&epoch=ms`, {
      method: 'POST',
      body: new URLSearchParams({ q }),
    });
    const text = await response.text();
    JSON.parse(text);
    return text.length;
  };
  return {
    day: ask(
      `SELECT mean(temperature) FROM machine WHERE ${within} AND device = '${device}' GROUP BY device, time(${bucketMs}ms, ${fromMs % bucketMs}ms) fill(none)`,
    ),
    bySite: ask(`SELECT mean(temperature) FROM machine WHERE ${within} GROUP BY site`),
    newest: ask(`SELECT last(temperature) FROM machine WHERE ${within} GROUP BY *`),
  };
}
