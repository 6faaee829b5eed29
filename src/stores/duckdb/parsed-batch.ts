/**
 * A batch by column, as its lines say it. Parsing learns names (types, fields, series) and nothing else, and a name without
 * rows changes no answer: so it may be done early, while the batch before is being committed, and for nothing.
 */
import type { LineReader } from '../../domain/line.js';
import type { FieldValue } from '../../domain/reading.js';
import type { WriteBatch } from '../../ports/history-store.js';
import type { Catalog } from './catalog.js';
import type { Field, Table } from './layout.js';
import { PayloadLines } from './payload-lines.js';
import type { Rests } from './rests.js';
import type { RowBuffer } from './row-buffer.js';

/** The payload is not what the batch says; sending it again will not help. */
export class DamagedBatch extends Error {}

export class ParsedBatch {
  readonly tables = new Map<Table, RowBuffer>();
  readonly refused: { index: number; reason: string }[] = [];
  readonly rests: Rests;
  readonly #catalog: Catalog;
  readonly #removals: number;

  /** @throws DamagedBatch */
  constructor(catalog: Catalog, batch: WriteBatch, rests: Rests) {
    this.#catalog = catalog;
    this.#removals = catalog.series.removals;
    this.rests = rests;
    try {
      this.#parse(batch);
    } catch (error) {
      throw new DamagedBatch(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  /** Whether the series and tables that it names are still those of the database. */
  isUpToDate(catalog: Catalog): boolean {
    return this.#catalog === catalog && this.#removals === catalog.series.removals;
  }

  #parse({ payload, runs }: WriteBatch): void {
    const pieces = new PayloadLines(payload);
    const { lines } = pieces;
    let index = 0;
    for (const run of runs) {
      for (let k = 0; k < run.count; k++, index++) {
        if (!pieces.next()) throw new Error(`the batch has ${index} lines where its runs say more`);
        const reason = this.#addLine(lines, run.position + k);
        if (reason !== undefined) this.refused.push({ index, reason });
        this.rests.after(1);
      }
    }
    if (pieces.next()) throw new Error(`the batch has more lines than the ${index} that its runs say`);
  }

  /** @returns why the line is refused, if it is */
  #addLine(lines: LineReader, seq: number): string | undefined {
    const catalog = this.#catalog;
    const known = catalog.series.get(lines.prefix);
    const table = known?.table ?? catalog.tableFor(lines.prefix.slice(0, lines.prefix.indexOf(',')));
    for (let index = 0; index < lines.fieldCount; index++) {
      const kind = lines.kinds[index]!;
      // Lines of a type mostly have the same fields in the same order: looking there first saves 60 ns a field.
      const guess = table.fields[index];
      const field = guess?.name === lines.keys[index] ? guess! : catalog.fieldFor(table, lines.keys[index]!, kind);
      if (field.kind !== kind) return `field "${field.name}" is ${field.kind}, not ${kind}`;
      if (isBeyondInt64(lines.values[index]!)) return `field "${field.name}" is beyond 64 bits`;
      fields[index] = field;
    }
    const rows = this.#rowsOf(table);
    rows.addRow(lines.ms, lines.ns, seq, known ?? catalog.seriesFor(lines.prefix, table));
    for (let index = 0; index < lines.fieldCount; index++) {
      rows.setField(fields[index]!.ordinal, fields[index]!.kind, lines.values[index]!);
    }
    return undefined;
  }

  #rowsOf(table: Table): RowBuffer {
    let rows = this.tables.get(table);
    if (!rows) this.tables.set(table, (rows = this.#catalog.spareRows.take(table)));
    return rows;
  }
}

/** The fields of the line at hand; one array for all lines. */
const fields: Field[] = [];

function isBeyondInt64(value: FieldValue): boolean {
  return typeof value === 'bigint' && BigInt.asIntN(64, value) !== value;
}
