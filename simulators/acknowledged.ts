import type { AnsweredBatch } from '../src/client/index.js';
import type { HistoryRow } from './history.js';

/** The acknowledged readings of one sensor, as history has to show them: by time, the last accepted value. */
export class Acknowledged {
  readonly #field: string;
  readonly #values = new Map<number, unknown>();
  count = 0;

  constructor(field: string) {
    this.#field = field;
  }

  answered({ readings, rejected, rejections }: AnsweredBatch): void {
    if (rejected > rejections.length)
      throw new Error('More rejections than a receipt lists: which were accepted is not known');
    const isRejected = new Set(rejections.map(({ index }) => index));
    for (const [index, { ts, fields }] of readings.entries()) {
      if (isRejected.has(index)) continue;
      this.#values.set(Number(ts), fields[this.#field]);
      this.count++;
    }
  }

  get distinct(): number {
    return this.#values.size;
  }

  /** Readings whose value gave way to a later one of the same time. */
  get overwritten(): number {
    return this.count - this.distinct;
  }

  compare(rows: readonly HistoryRow[]): Comparison {
    const seen = new Map(rows.map(({ ts, value }) => [ts, value]));
    const compared = { missing: 0, wrong: 0, unknown: 0, doubled: rows.length - seen.size };
    for (const [ts, value] of this.#values) {
      if (!seen.has(ts)) compared.missing++;
      else if (seen.get(ts) !== value) compared.wrong++;
    }
    for (const ts of seen.keys()) if (!this.#values.has(ts)) compared.unknown++;
    return compared;
  }
}

export interface Comparison {
  /** Acknowledged, and not in history. */
  missing: number;
  /** There, with another value. */
  wrong: number;
  /** In history, and never acknowledged. */
  unknown: number;
  /** More than one row for one time. */
  doubled: number;
}

export function isSame({ missing, wrong, unknown, doubled }: Comparison): boolean {
  return missing + wrong + unknown + doubled === 0;
}
