/** Row buffers that were written, for the batches to come: memory that is new for each batch costs collections of garbage. */
import type { Table } from './layout.js';
import { RowBuffer } from './row-buffer.js';

/** Mostly there are few types, with many readings each. What is beyond is left to the collector. */
const mostSpare = 4;

export class SpareRows {
  #spare: RowBuffer[] = [];

  take(table: Table): RowBuffer {
    const at = this.#spare.findIndex((rows) => rows.table === table);
    return at < 0 ? new RowBuffer(table) : this.#spare.splice(at, 1)[0]!;
  }

  giveBack(buffers: Iterable<RowBuffer>): void {
    for (const rows of buffers) {
      rows.clear();
      this.#spare.push(rows);
    }
    this.#spare = this.#spare.slice(-mostSpare);
  }
}
