/** Base fields (RFC 8428 §4.1): what a record says for itself and for all that follow, until another says it anew. */
import { Refusal } from '../../domain/refusal.js';
import type { Timestamp } from '../../domain/timestamp.js';
import type { Names } from './names.js';
import type { SenmlRecord } from './record.js';
import { secondsOf } from './time.js';

/** Of packs that we understand, at most (§4.4). */
const newestVersion = 10;

export class Base {
  time: Timestamp = { ms: 0, ns: 0 };
  unit: string | undefined;
  value: number | undefined;
  sum: number | undefined;
  readonly #names: Names;

  constructor(names: Names) {
    this.#names = names;
  }

  /** @returns why the pack cannot be read on */
  take({ bver, bn, bt, bu, bv, bs }: SenmlRecord): Refusal | undefined {
    if (bver !== undefined && !(Number.isInteger(bver) && (bver as number) >= 1 && (bver as number) <= newestVersion)) {
      return new Refusal('malformed', `"bver" must be a version up to ${newestVersion}`);
    }
    if (bn !== undefined) {
      if (typeof bn !== 'string') return wrong('bn', 'a string');
      this.#names.setBase(bn);
    }
    if (bu !== undefined) {
      if (typeof bu !== 'string') return wrong('bu', 'a string');
      this.unit = bu === '' ? undefined : bu;
    }
    if (bt !== undefined) {
      const time = secondsOf(bt);
      if (!time) return wrong('bt', 'a finite number');
      this.time = time;
    }
    if (bv !== undefined) {
      this.value = numberOf(bv);
      if (this.value === undefined) return wrong('bv', 'a finite number');
    }
    if (bs !== undefined) {
      this.sum = numberOf(bs);
      if (this.sum === undefined) return wrong('bs', 'a finite number');
    }
    return undefined;
  }
}

/** Undefined for what is no finite number. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function wrong(label: string, expected: string): Refusal {
  return new Refusal('malformed', `"${label}" must be ${expected}: records after it need it`);
}
