/**
 * A SenML pack as readings (RFC 8428). Records of one device and time are one reading:
 *
 *     bn, n          the device and the field NAME (names.ts)      v, vs, vb    the value of field NAME
 *     u              the field's unit, for the catalog             s            field NAME.sum
 *                                                                  vd           a string, base64url as in JSON
 *     bt + t         the time; below 2^28 it counts from now, and 0 or none is the time of arrival
 *
 * A second value of a field in one reading is named NAME.UNIT, such as the `lon` of a place; where that is taken as well, or
 * there is no unit, the last value wins. A record that only gives base fields is none to be counted.
 */
import type { Batch, RecordPart } from '../../domain/batch.js';
import { Rejected } from '../../domain/rejected.js';
import { isKey, type FieldValue } from '../../domain/reading.js';
import { Refusal } from '../../domain/refusal.js';
import { ExactTime, type ArrivalClock, type Timestamp } from '../../domain/timestamp.js';
import { tooManyReadings, type Decoding } from '../codec.js';
import { keyName } from '../names.js';
import { Base } from './base.js';
import { Names, type NameRule } from './names.js';
import { SenmlRecord, UnknownLabel } from './record.js';
import { firstAbsoluteSeconds, secondsOf, sumOf } from './time.js';
import { valuesOf } from './values.js';

/** A longer unit is none of the registry's, and is not kept. */
const maxUnitCharacters = 64;
const zeroTime: Timestamp = { ms: 0, ns: 0 };

interface Group {
  readonly device: string;
  readonly time: Timestamp;
  fields: Record<string, FieldValue>;
  parts: RecordPart[];
}

export class Pack {
  readonly #arrivals: ArrivalClock;
  readonly #names: Names;
  readonly #base: Base;
  readonly #record = new SenmlRecord();
  readonly #readings: unknown[] = [];
  readonly #records: RecordPart[][] = [];
  readonly #units = new Map<string, string>();
  readonly #groups = new Map<string, Group>();
  #now: Timestamp | undefined;
  #last: Group | undefined;

  constructor(arrivals: ArrivalClock, rule: NameRule) {
    this.#arrivals = arrivals;
    this.#names = new Names(rule);
    this.#base = new Base(this.#names);
  }

  read(sent: unknown, { type, numbered }: Decoding, maxReadings: number): Batch | Refusal {
    if (!Array.isArray(sent)) return new Refusal('malformed', 'a SenML pack is an array of records');
    const seq = numbered ? recordSeq(sent[0]) : undefined;
    if (seq instanceof Refusal) return seq;
    if (sent.length > maxReadings) return tooManyReadings(maxReadings).numbered(seq);
    for (let index = 0; index < sent.length; index++) {
      const refusal = this.#take(sent[index], index);
      if (refusal) return refusal.numbered(seq);
    }
    if (this.#readings.length === 0) return new Refusal('empty_batch', 'no record has a value').numbered(seq);
    return {
      id: undefined,
      seq,
      device: undefined,
      type,
      tags: undefined,
      precision: 'ms',
      readings: this.#readings,
      records: this.#records,
      units: this.#units,
    };
  }

  /** @returns why the pack cannot be read on */
  #take(sent: unknown, index: number): Refusal | undefined {
    const record = this.#record;
    const isRead = record.read(sent);
    if (isRead instanceof UnknownLabel) {
      const label = JSON.stringify(isRead.label);
      return new Refusal('malformed', `record ${index} has the label ${label}, which must be understood and is not`);
    }
    if (!isRead) {
      this.#reject(index, new Rejected('malformed', '', 'a record must be an object'));
      return undefined;
    }
    const refusal = this.#base.take(record);
    if (refusal) return new Refusal(refusal.code, `record ${index}: ${refusal.message}`);
    if (record.isBaseOnly) return undefined;
    const rejected = this.#place(record, index);
    if (rejected) this.#reject(index, rejected);
    return undefined;
  }

  #reject(index: number, rejected: Rejected): void {
    this.#readings.push(rejected);
    this.#records.push([{ index, fields: [] }]);
  }

  /** Puts the record's values into their reading. @returns why it has none */
  #place(record: SenmlRecord, index: number): Rejected | undefined {
    const { n, u, t } = record;
    if (n !== undefined && typeof n !== 'string') return new Rejected('fields_invalid', '/n', 'must be string');
    if (u !== undefined && typeof u !== 'string') return new Rejected('fields_invalid', '/u', 'must be string');
    const ownTime = t === undefined ? zeroTime : secondsOf(t);
    if (!ownTime) return new Rejected('ts_invalid', '/t', 'must be a finite number of seconds');
    if (!this.#names.resolve(n ?? '')) {
      return new Rejected('device_invalid', '/n', 'names no device, and neither does the base name');
    }
    const { device, field } = this.#names;
    const values = valuesOf(record, this.#base);
    if (values instanceof Rejected) return values;

    const time = ownTime === zeroTime ? this.#base.time : sumOf(this.#base.time, ownTime);
    const group = this.#groupOf(device, time);
    const unit = u ?? this.#base.unit;
    const fields = values.map(([suffix, value]) => this.#put(group, field + suffix, value, unit));
    group.parts.push({ index, fields });
    return undefined;
  }

  #put({ fields }: Group, text: string, value: FieldValue, unit: string | undefined): string {
    let name = fieldName(text);
    if (unit !== undefined && Object.hasOwn(fields, name)) name = fieldName(`${name}.${unit}`);
    fields[name] = value;
    if (unit !== undefined && unit.length <= maxUnitCharacters && !this.#units.has(name)) this.#units.set(name, unit);
    return name;
  }

  #groupOf(device: string, time: Timestamp): Group {
    // Mostly the records of a reading follow each other.
    const last = this.#last;
    if (last && last.device === device && last.time.ms === time.ms && last.time.ns === time.ns) return last;
    const key = `${device} ${time.ms} ${time.ns}`;
    let group = this.#groups.get(key);
    if (!group) {
      group = { device, time, fields: {}, parts: [] };
      this.#groups.set(key, group);
      this.#readings.push({ device, ts: this.#timeOf(time), fields: group.fields });
      this.#records.push(group.parts);
    }
    this.#last = group;
    return group;
  }

  /** Undefined stands for the time of arrival, which each reading gets for itself. */
  #timeOf(time: Timestamp): ExactTime | undefined {
    if (time.ms >= firstAbsoluteSeconds * 1000) return new ExactTime(time.ms, time.ns);
    if (time.ms === 0 && time.ns === 0) return undefined;
    const { ms, ns } = sumOf((this.#now ??= this.#arrivals.next()), time);
    return new ExactTime(ms, ns);
  }
}

function recordSeq(first: unknown): number | Refusal | undefined {
  const seq: unknown = first instanceof Map ? first.get('seq') : (first as { seq?: unknown } | null | undefined)?.seq;
  if (seq === undefined || (Number.isSafeInteger(seq) && (seq as number) >= 1)) return seq as number | undefined;
  return new Refusal('malformed', '"seq" must be an integer of at least 1');
}

function fieldName(text: string): string {
  return isKey(text) ? text : keyName(text, () => false);
}
