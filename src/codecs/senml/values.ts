/** The values of a record: at most one of `v`, `vs`, `vb` and `vd`, and a sum (RFC 8428 §4.2). */
import { Rejected } from '../../domain/rejected.js';
import type { FieldValue } from '../../domain/reading.js';
import { numberOf, type Base } from './base.js';
import type { SenmlRecord } from './record.js';

/** What is put behind the name, and the value. */
export type NamedValue = readonly [suffix: '' | '.sum', value: FieldValue];

const base64Url = /^[A-Za-z0-9_-]*={0,2}$/;

export function valuesOf({ v, vs, vb, vd, s }: SenmlRecord, base: Base): NamedValue[] | Rejected {
  const others = Number(vs !== undefined) + Number(vb !== undefined) + Number(vd !== undefined);
  if (others + Number(v !== undefined) > 1) {
    return new Rejected('fields_invalid', '', 'a record has at most one of v, vs, vb and vd');
  }
  const values: NamedValue[] = [];
  if (vs !== undefined) {
    if (typeof vs !== 'string') return wrong('/vs', 'string');
    values.push(['', vs]);
  } else if (vb !== undefined) {
    if (typeof vb !== 'boolean') return wrong('/vb', 'boolean');
    values.push(['', vb]);
  } else if (vd !== undefined) {
    const text = vd instanceof Uint8Array ? Buffer.from(vd).toString('base64url') : vd;
    if (typeof text !== 'string' || !base64Url.test(text)) return wrong('/vd', 'base64url');
    values.push(['', text]);
  } else if (v !== undefined || (base.value !== undefined && s === undefined)) {
    // Only one of base value and value: the other is zero.
    const number = v === undefined ? 0 : numberOf(v);
    if (number === undefined) return wrong('/v', 'number, and finite');
    values.push(['', number + (base.value ?? 0)]);
  }
  if (s !== undefined || base.sum !== undefined) {
    const number = s === undefined ? 0 : numberOf(s);
    if (number === undefined) return wrong('/s', 'number, and finite');
    values.push(['.sum', number + (base.sum ?? 0)]);
  }
  return values.length > 0 ? values : new Rejected('no_fields', '', 'a record has a value or a sum');
}

function wrong(path: string, expected: string): Rejected {
  return new Rejected('field_type', path, `must be ${expected}`);
}
