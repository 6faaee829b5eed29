import type { DuckDBConnection } from '@duckdb/node-api';
import { decodePrefix } from '../../domain/line.js';
import type { NewestOfSeries } from '../../ports/history-store.js';
import type { Catalog } from './catalog.js';
import { toCell } from './cell.js';
import { readingsOf } from './sql.js';

const always = { from: -(2n ** 63n), to: 2n ** 63n - 1n };

/** Newest value of each field of each series that has readings. */
export async function* newest(connection: DuckDBConnection, catalog: Catalog): AsyncGenerator<NewestOfSeries[]> {
  for (const table of catalog.tables.values()) {
    const fields = [...table.fields];
    if (fields.length === 0) continue;
    const cells = fields.map(({ column }) => `, arg_max(${column}, ts), max(ts) FILTER (${column} IS NOT NULL)`);
    const readings = readingsOf(
      table,
      fields.map((field) => field.column),
      always,
    );
    const result = await connection.stream(`SELECT series${cells.join('')} FROM (${readings}) GROUP BY series`);
    for await (const rows of result.yieldRows()) {
      yield rows.flatMap(([id, ...values]) => {
        const series = catalog.series.byId(Number(id));
        if (!series) return [];
        const found: NewestOfSeries['fields'] = [];
        for (const [index, { name, kind }] of fields.entries()) {
          const value = toCell(values[index * 2]!);
          const ts = values[index * 2 + 1];
          if (value !== null && typeof ts === 'bigint') found.push({ name, kind, value, ts });
        }
        return { ...decodePrefix(series.prefix), fields: found };
      });
    }
  }
}
