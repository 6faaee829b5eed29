import { INTEGER, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import { decodePrefix } from '../../domain/line.js';
import { ownText } from '../../domain/own-text.js';
import type { Kind } from '../../domain/reading.js';
import type { DeliveryState, TypeColumns } from '../../ports/history-store.js';
import { columnTypes, Table, type Field } from './layout.js';
import { SeriesList, type Series } from './series-list.js';
import { SpareRows } from './spare-rows.js';

/** Ids that were ever given out; a failed transaction's are not used again, as a query may still hold them. */
interface NextIds {
  table: number;
  field: number;
  series: number;
}

/** What the worker knows of the file by heart: its types, fields, series and delivery state. */
export class Catalog {
  readonly tables = new Map<string, Table>();
  readonly series: SeriesList;
  /** For rows on their way into these tables. */
  readonly spareRows = new SpareRows();
  delivery: DeliveryState | null = null;
  readonly #nextIds: NextIds;
  readonly #newTables: Table[] = [];
  readonly #newFields: { table: Table; field: Field }[] = [];

  constructor(before?: Catalog) {
    this.#nextIds = before ? { ...before.#nextIds } : { table: 1, field: 1, series: 1 };
    this.series = new SeriesList();
  }

  /** Every type with its fields, as far as the database has them. */
  kinds(): TypeColumns[] {
    return [...this.tables.values()]
      .filter((table) => table.fields.length > 0)
      .map(({ type, fields }) => ({ type, fields: fields.map(({ name, kind }) => ({ name, kind })) }));
  }

  /** Reads everything. `before` is what was known until a transaction failed. */
  static async load(connection: DuckDBConnection, before?: Catalog): Promise<Catalog> {
    const catalog = new Catalog(before);
    await catalog.#loadTables(connection);
    await catalog.#loadSeries(connection);
    catalog.delivery = await loadDelivery(connection);
    for (const table of catalog.tables.values()) await catalog.#loadTimes(connection, table);
    return catalog;
  }

  /** The table of a type that may be new; `addNew` makes it in the database. */
  tableFor(type: string): Table {
    let table = this.tables.get(type);
    if (!table) {
      table = new Table(this.#nextIds.table++, ownText(type));
      this.tables.set(table.type, table);
      this.#newTables.push(table);
    }
    return table;
  }

  /** The field of a table that may be new, with the kind it has already or else `kind`. */
  fieldFor(table: Table, name: string, kind: Kind): Field {
    let field = table.byName.get(name);
    if (!field) {
      const id = this.#nextIds.field++;
      field = { id, name: ownText(name), kind, column: `f${id}`, ordinal: table.byName.size };
      table.byName.set(field.name, field);
      this.#newFields.push({ table, field });
    }
    return field;
  }

  seriesFor(prefix: string, table: Table): Series {
    return this.series.get(prefix) ?? this.series.add(this.#nextIds.series++, ownText(prefix), table);
  }

  /** Makes new tables and columns in a transaction of its own: without rows they change no answer. */
  async addNew(connection: DuckDBConnection): Promise<void> {
    if (this.#newTables.length === 0 && this.#newFields.length === 0) return;
    // Another batch may be parsed meanwhile: what it learns is left for the next time.
    const tables = this.#newTables.splice(0);
    const fields = this.#newFields.splice(0);
    await connection.run('BEGIN');
    for (const table of tables) {
      for (const name of [table.main, table.late]) {
        await connection.run(`CREATE TABLE ${name} (ts BIGINT, series INTEGER, seq BIGINT)`);
      }
      await connection.run('INSERT INTO types VALUES ($1, $2)', [table.id, table.type]);
    }
    for (const { table, field } of fields) {
      for (const name of [table.main, table.late]) {
        await connection.run(`ALTER TABLE ${name} ADD COLUMN ${field.column} ${columnTypes[field.kind]}`);
      }
      await connection.run('INSERT INTO fields VALUES ($1, $2, $3, $4)', [field.id, table.id, field.name, field.kind]);
    }
    await connection.run('COMMIT');
    for (const { table, field } of fields) table.fields.push(field);
  }

  async #loadTables(connection: DuckDBConnection): Promise<void> {
    const byId = new Map<number, Table>();
    const types = await connection.runAndReadAll('SELECT id, name FROM types ORDER BY id');
    for (const [id, name] of types.getRows()) {
      const table = new Table(Number(id), String(name));
      byId.set(table.id, table);
      this.tables.set(table.type, table);
      this.#nextIds.table = Math.max(this.#nextIds.table, table.id + 1);
    }
    const fields = await connection.runAndReadAll('SELECT id, type, name, kind FROM fields ORDER BY id');
    for (const [rawId, type, name, kind] of fields.getRows()) {
      const table = byId.get(Number(type))!;
      const id = Number(rawId);
      const ordinal = table.fields.length;
      const field = { id, name: String(name), kind: String(kind) as Kind, column: `f${id}`, ordinal };
      table.fields.push(field);
      table.byName.set(field.name, field);
      this.#nextIds.field = Math.max(this.#nextIds.field, id + 1);
    }
  }

  async #loadSeries(connection: DuckDBConnection): Promise<void> {
    const tables = new Map([...this.tables.values()].map((table) => [table.id, table]));
    const result = await connection.stream('SELECT id, type, prefix FROM series');
    for await (const rows of result.yieldRows()) {
      for (const [id, type, prefix] of rows) {
        this.series.add(Number(id), String(prefix), tables.get(Number(type))!);
        this.#nextIds.series = Math.max(this.#nextIds.series, Number(id) + 1);
      }
    }
    this.series.takeAdded();
  }

  /** Newest time of each series, the gaps that readings written ahead have left, and where late rows are. */
  async #loadTimes(connection: DuckDBConnection, table: Table): Promise<void> {
    const stretches = (this.delivery?.ranges ?? []).map(([from]) => from);
    const gaps = stretches.map(
      (from) => `, max(ts) FILTER (WHERE seq < ${from}), min(ts) FILTER (WHERE seq >= ${from})`,
    );
    const times = `SELECT series, max(ts) ${gaps.join('')} FROM ${table.main} GROUP BY series`;
    for await (const rows of (await connection.stream(times)).yieldRows()) {
      for (const [id, newest, ...edges] of rows) {
        const series = this.series.byId(Number(id));
        if (!series || typeof newest !== 'bigint') continue;
        series.advanceTo(newest);
        for (const [index, aheadFrom] of stretches.entries()) {
          const from = edges[index * 2];
          const to = edges[index * 2 + 1];
          if (typeof to === 'bigint') series.openGap(aheadFrom, typeof from === 'bigint' ? from : null, to);
        }
      }
    }
    await loadLate(connection, table);
  }
}

/** Where the late rows of a type are. */
export async function loadLate(connection: DuckDBConnection, table: Table): Promise<void> {
  const late = await connection.runAndReadAll(`SELECT count(*), min(ts), max(ts) FROM ${table.late}`);
  const [rows, from, to] = late.getRows()[0]!;
  table.lateRows = 0;
  if (typeof from === 'bigint' && typeof to === 'bigint') table.addLate(Number(rows), from, to);
}

async function loadDelivery(connection: DuckDBConnection): Promise<DeliveryState | null> {
  const result = await connection.runAndReadAll('SELECT low, stored, quarantined, ranges FROM delivery');
  const row = result.getRows()[0];
  if (!row) return null;
  const [low, stored, quarantined, ranges] = row;
  return {
    low: Number(low),
    stored: Number(stored),
    quarantined: Number(quarantined),
    ranges: JSON.parse(String(ranges)) as DeliveryState['ranges'],
  };
}

/** For the transaction of the rows. It is all numbers, and prepared statements took two more ways to another thread. */
export function deliverySql({ low, stored, quarantined, ranges }: DeliveryState): string {
  const numbers = [low, stored, quarantined].map(BigInt).join(', ');
  const pairs = ranges.map(([from, to]) => `[${BigInt(from)},${BigInt(to)}]`).join(',');
  return `DELETE FROM delivery; INSERT INTO delivery VALUES (${numbers}, '[${pairs}]')`;
}

/** Within the transaction of their first rows. */
export async function saveSeries(connection: DuckDBConnection, added: readonly Series[]): Promise<void> {
  if (added.length === 0) return;
  const appender = await connection.createAppender('series');
  for (const series of added) {
    const { device, tags } = decodePrefix(series.prefix);
    appender.appendValue(series.id, INTEGER);
    appender.appendValue(series.table.id, INTEGER);
    appender.appendValue(device, VARCHAR);
    appender.appendValue(JSON.stringify(tags), VARCHAR);
    appender.appendValue(series.prefix, VARCHAR);
    appender.endRow();
  }
  appender.closeSync();
}
