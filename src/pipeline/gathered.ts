/** Accepted readings of one batch or of several that are to be kept together. */
import { LineWriter } from '../domain/line-writer.js';
import type { TypeEntry } from '../ports/catalog.js';
import { NewestValues } from './newest-values.js';

/**
 * Late readings get a record of their own behind the others, so that a delivery out of order leaves only them for later. A
 * reading that is not late is newer than all of its series that came before it. So it corrects none of them, and may go
 * before those that are late: readings of the same series and time keep their order.
 */
export class Gathered {
  readonly fresh: LineWriter;
  /** Of readings that are not newer than their series' newest. */
  readonly late = new LineWriter();
  readonly newest = new NewestValues();
  /** Fields that got their kind here; to be taken back if the readings cannot be kept. */
  readonly taught: { type: TypeEntry; field: string }[] = [];

  /** @param memory for the fresh lines to begin with */
  constructor(memory?: Buffer) {
    this.fresh = new LineWriter(memory);
  }

  get count(): number {
    return this.fresh.count + this.late.count;
  }

  /** Of all lines. */
  get bytes(): number {
    return this.fresh.size + this.late.size;
  }
}
