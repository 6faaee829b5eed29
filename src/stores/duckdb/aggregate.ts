import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { makesSenseFor } from '../../domain/accumulator.js';
import { decodePrefix } from '../../domain/line.js';
import type { Kind, Tags } from '../../domain/reading.js';
import type { AggregateQuery, AggregateRow, Cell } from '../../ports/history-store.js';
import { aggregateCell } from './aggregate-cell.js';
import { bucketOf } from './buckets.js';
import type { Catalog } from './catalog.js';
import { toCell } from './cell.js';
import { columnTypes, type Table } from './layout.js';
import { onlyOne, select, writeChosen } from './selection.js';
import type { Series } from './series-list.js';
import { readingsOf, type RowRange } from './sql.js';

export type Group = Pick<AggregateRow, 'device' | 'type' | 'tags'>;

/** Part of an answer, by column, as it crosses from the worker. */
export interface AggregateChunk {
  buckets: Int32Array;
  /** For each row, the number of its group. */
  groups: Int32Array;
  columns: Cell[][];
  /** Groups that no chunk before had. */
  added: { number: number; group: Group }[];
}

/** A field over all types that have it, with one kind (see `hasMixedKinds`). */
interface MergedField {
  name: string;
  kind: Kind;
}

export async function* aggregate(
  connection: DuckDBConnection,
  catalog: Catalog,
  query: AggregateQuery,
): AsyncGenerator<AggregateChunk> {
  const fields = mergeFields(catalog, query);
  const tables = query.columns.flatMap(({ type }) => catalog.tables.get(type) ?? []);
  const chosen = select(catalog, tables, query.series);
  const range = { from: query.edges[0]!, to: query.edges.at(-1)!, series: onlyOne(chosen) };
  if (chosen.length === 0 || fields.length === 0 || range.from >= range.to) return;
  const { groups, groupOf } = groupSeries(chosen, query.group);
  await writeChosen(connection, chosen, groupOf);
  const result = await connection.stream(statement(tables, fields, query, range));
  const seen = new Set<number>();
  for await (const chunk of result) yield buildChunk(chunk, query.cells.length, groups, seen);
}

function statement(tables: Table[], fields: MergedField[], query: AggregateQuery, range: RowRange): string {
  const readings = tables.map((table) => rowsOf(table, fields, query.edges, range)).join(' UNION ALL ');
  const { device, type, tags } = query.group;
  const isBySeries = device && type && tags === 'all';
  const cells = query.cells.map(({ field, fn }) => {
    const index = fields.findIndex(({ name }) => name === field);
    return index < 0 ? 'NULL' : aggregateCell(fn, `v${index}`, fields[index]!.kind, isBySeries);
  });
  const answered = `part${cells.map((cell) => `, ${cell}`).join('')} FROM (${readings})`;
  const having = `HAVING ${fields.map((_, index) => `count(v${index}) > 0`).join(' OR ')}`;
  // Grouping by a bucket that is the same for all took as much processor time again.
  if (query.edges.length === 2) return `SELECT 0, ${answered} GROUP BY part ${having}`;
  return `SELECT bucket, ${answered} GROUP BY bucket, part ${having} ORDER BY bucket`;
}

/** bucket, part, ts, rank and one column for each field. */
function rowsOf(table: Table, fields: MergedField[], edges: readonly bigint[], range: RowRange): string {
  const columns = fields.map(({ name, kind }) => {
    const field = table.stored(name);
    return field?.kind === kind ? field.column : undefined;
  });
  const used = columns.filter((column) => column !== undefined);
  const values = columns.map(
    (column, index) => `, ${column ?? `NULL::${columnTypes[fields[index]!.kind]}`} AS v${index}`,
  );
  return `
    SELECT (${bucketOf(edges)})::INTEGER AS bucket, part, ts, rank${values.join('')}
    FROM (${readingsOf(table, used, range)}) JOIN chosen USING (series)`;
}

/** The fields that the database has and that a cell asks something of that makes sense. */
function mergeFields(catalog: Catalog, query: AggregateQuery): MergedField[] {
  const merged = new Map<string, MergedField>();
  for (const { type, fields } of query.columns) {
    const table = catalog.tables.get(type);
    for (const { name } of fields) {
      const kind = table?.stored(name)?.kind;
      if (kind === undefined || merged.has(name)) continue;
      if (query.cells.some(({ field, fn }) => field === name && makesSenseFor(fn, kind)))
        merged.set(name, { name, kind });
    }
  }
  return [...merged.values()];
}

/** The groups of the series, and for each series the number of its group. */
function groupSeries(chosen: readonly Series[], by: AggregateQuery['group']): { groups: Group[]; groupOf: Int32Array } {
  const groups: Group[] = [];
  const numbers = new Map<string, number>();
  const groupOf = Int32Array.from(chosen, (series) => {
    const group: Group = {
      device: by.device ? series.device : null,
      type: by.type ? series.table.type : null,
      tags: tagsOf(series, by.tags),
    };
    const key = JSON.stringify([group.device, group.type, Object.entries(group.tags)]);
    let number = numbers.get(key);
    if (number === undefined) {
      number = groups.push(group) - 1;
      numbers.set(key, number);
    }
    return number;
  });
  return { groups, groupOf };
}

/** The tags to group by that the series has, in the order of their keys. */
function tagsOf(series: Series, keys: 'all' | readonly string[]): Tags {
  if (keys !== 'all' && keys.length === 0) return {};
  const { tags } = decodePrefix(series.prefix);
  if (keys === 'all') return tags;
  return Object.fromEntries(Object.entries(tags).filter(([key]) => keys.includes(key)));
}

function buildChunk(chunk: DuckDBDataChunk, cells: number, groups: Group[], seen: Set<number>): AggregateChunk {
  const numbers = integersOf(chunk, 1);
  const added: AggregateChunk['added'] = [];
  for (const number of numbers) {
    if (seen.has(number)) continue;
    seen.add(number);
    added.push({ number, group: groups[number]! });
  }
  const columns = Array.from({ length: cells }, (_, index) => chunk.getColumnValues(index + 2).map(toCell));
  return { buckets: integersOf(chunk, 0), groups: numbers, columns, added };
}

/** A column of INTEGER without nulls. */
function integersOf(chunk: DuckDBDataChunk, column: number): Int32Array {
  return Int32Array.from(chunk.getColumnValues(column) as number[]);
}
