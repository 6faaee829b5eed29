/** Accepted readings of one batch or of several that are to be kept together. */
import type { TypeEntry } from '../ports/catalog.js';
import { NewestValues } from './newest-values.js';

/** Lines (domain/line.ts) that are to lie in one record. */
export class Lines {
  payload = '';
  count = 0;

  add(line: string): void {
    this.payload += line;
    this.count++;
  }
}

/**
 * Late readings get a record of their own behind the others, so that a delivery out of order leaves only them for later. A
 * reading that is not late is newer than all of its series that came before it. So it corrects none of them, and may go
 * before those that are late: readings of the same series and time keep their order.
 */
export class Gathered {
  readonly fresh = new Lines();
  /** Of readings that are not newer than their series' newest. */
  readonly late = new Lines();
  readonly newest = new NewestValues();
  /** Fields that got their kind here; to be taken back if the readings cannot be kept. */
  readonly taught: { type: TypeEntry; field: string }[] = [];

  get count(): number {
    return this.fresh.count + this.late.count;
  }

  get characters(): number {
    return this.fresh.payload.length + this.late.payload.length;
  }
}
