/**
 * Validates the readings of a batch and encodes the good ones, each in one pass.
 *
 * This is the hot path. A known series is found by device, type and tags without a look at their characters; its line
 * begins with a text that was made once. Of the reading itself nothing is kept but the newest values of its series.
 */
import type { Batch } from '../domain/batch.js';
import { Rejected } from '../domain/rejected.js';
import { encodePrefix } from '../domain/line.js';
import type { LineWriter } from '../domain/line-writer.js';
import { defaultType, isKey, isPrecision, limits, type FieldValue, type Kind, type Tags } from '../domain/reading.js';
import { maxListedRejections, pointerSegment, type Rejection } from '../domain/refusal.js';
import { ArrivalClock, parseTimestamp, type Timestamp } from '../domain/timestamp.js';
import type { Catalog, SeriesEntry, TypeEntry } from '../ports/catalog.js';
import type { Clock } from '../ports/clock.js';
import { checkIdentity, isPlainObject } from './check-identity.js';
import { kindOf, plainInteger, wrongKind } from './field-value.js';
import type { Gathered } from './gathered.js';
import type { Outcome } from './outcome.js';
import { takeRecords } from './records.js';

const noRejections: Rejection[] = [];

const noTags: Tags = Object.freeze({});

export class Normalizer {
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #arrivals: ArrivalClock;
  // What is read of the reading at hand; reused, since an object for each would double the garbage.
  readonly #time: Timestamp = { ms: 0, ns: 0 };
  #fields: Record<string, FieldValue> = {};
  #news: { name: string; kind: Kind }[] = [];
  /** Whether there is an integer beyond 2^53 among its fields. */
  #isWide = false;

  constructor(catalog: Catalog, clock: Clock) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#arrivals = new ArrivalClock(() => clock.now());
  }

  /** Adds the good readings of the batch to `gathered`. */
  normalize(batch: Batch, gathered: Gathered): Outcome {
    let rejected = 0;
    let rejections = noRejections;
    const latestMs = this.#clock.now() + limits.futureMs;
    if (batch.records) {
      return takeRecords(batch.readings, batch.records, (reading) => {
        const { typeEntry } = this.#take(reading, batch, latestMs, gathered);
        if (batch.units) this.#learnUnits(typeEntry, batch.units);
      });
    }
    for (let index = 0; index < batch.readings.length; index++) {
      try {
        this.#take(batch.readings[index], batch, latestMs, gathered);
      } catch (error) {
        if (!(error instanceof Rejected)) throw error;
        const { code, path, message } = error;
        if (rejected++ === 0) rejections = [];
        if (rejected <= maxListedRejections) rejections.push({ index, code, path, message });
      }
    }
    const accepted = batch.readings.length - rejected;
    return { accepted, readings: accepted, rejected, rejections };
  }

  #take(value: unknown, batch: Batch, latestMs: number, gathered: Gathered): SeriesEntry {
    if (!isPlainObject(value)) throw new Rejected('malformed', '', 'a reading must be an object');
    if (value instanceof Rejected) throw value;
    let { device, type: typeName, tags }: { device?: unknown; type?: unknown; tags?: unknown } = batch;
    let precision: unknown = batch.precision;
    let ts: unknown;
    let given: unknown;
    for (const key in value) {
      const part = value[key];
      switch (key) {
        case 'device':
          device = part ?? device;
          break;
        case 'type':
          typeName = part ?? typeName;
          break;
        case 'ts':
          ts = part;
          break;
        case 'precision':
          precision = part ?? precision;
          break;
        case 'tags':
          tags = mergedTags(part, batch.tags);
          break;
        case 'fields':
          given = part;
          break;
        case 'seq':
          // A numbered frame may be the reading itself, which then has the number among its own keys.
          if (part !== batch.seq || batch.readings.length > 1) throw unknownKey(key);
          break;
        default:
          throw unknownKey(key);
      }
    }
    typeName ??= defaultType;
    tags ??= noTags;
    const type = typeof typeName === 'string' ? this.#catalog.findType(typeName) : undefined;
    let series: SeriesEntry | undefined;
    if (type && typeof device === 'string' && isPlainObject(tags)) {
      series = this.#catalog.findSeries(type, device, tags as Tags);
    }
    if (!series) checkIdentity(device, typeName, tags);
    if (batch.only !== undefined && device !== batch.only) {
      throw new Rejected('forbidden', '/device', `must be ${batch.only} here`);
    }

    this.#readTime(ts, precision, latestMs);
    const { ms, ns } = this.#time;
    // The line is written while the reading is checked; if that finds something wrong, it is not ended.
    const isFresh = !series || ms > series.headMs || (ms === series.headMs && ns > series.headNs);
    const lines = isFresh ? gathered.fresh : gathered.late;
    if (series) lines.begin(series.prefix, series.isAscii);
    else lines.begin(encodePrefix(typeName as string, device as string, tags as Tags), false);
    this.#readFields(given, tags as Tags, type, batch.saysKinds === true, lines);
    const fields = this.#fields;
    if (type?.check) {
      const shown = this.#isWide ? withoutBigints(fields) : fields;
      const found = type.check({
        device: device as string,
        type: type.name,
        ts: ms,
        tags: tags as Tags,
        fields: shown,
      });
      if (found) throw new Rejected(found.code, found.path, found.message);
    }
    // From here on nothing is wrong with the reading itself: what is new in it may be learned.
    series ??= this.#learnSeries(device as string, typeName as string, tags as Tags);
    if (this.#news.length > 0) this.#learnFields(series.typeEntry, gathered);

    lines.end(ms, ns);
    gathered.newest.add(series, ms, ns, fields);
    if (isFresh) {
      series.headMs = ms;
      series.headNs = ns;
    }
    return series;
  }

  /** Leaves the reading's time in `#time`. */
  #readTime(ts: unknown, precision: unknown, latestMs: number): void {
    const time = this.#time;
    if (precision === 'ms' && Number.isSafeInteger(ts)) {
      time.ms = ts as number;
      time.ns = 0;
    } else {
      if (!isPrecision(precision)) throw new Rejected('ts_invalid', '/precision', 'must be one of s, ms, us, ns');
      const parsed = ts === undefined || ts === null ? this.#arrivals.next() : parseTimestamp(ts, precision);
      if (!parsed) {
        const expected = `must be an integer in ${precision}, as a number or digits, or RFC 3339 with a zone`;
        throw new Rejected('ts_invalid', '/ts', expected);
      }
      Object.assign(time, parsed);
    }
    if (time.ms >= limits.earliestMs && time.ms <= latestMs) return;
    const bound = time.ms < limits.earliestMs ? 'before 1971' : 'more than 24 h in the future';
    const message = `is ${bound} when read in ${precision as string}; is the precision right?`;
    throw new Rejected('ts_out_of_range', '/ts', message);
  }

  /** Writes the fields to the line; leaves them without nulls in `#fields`, and those not known in `#news`. */
  #readFields(value: unknown, tags: Tags, type: TypeEntry | undefined, saysKinds: boolean, line: LineWriter): void {
    if (value === undefined || value === null) throw new Rejected('no_fields', '/fields', 'is missing');
    if (!isPlainObject(value)) throw new Rejected('fields_invalid', '/fields', 'must be an object');
    if (this.#news.length > 0) this.#news = [];
    this.#isWide = false;
    let count = 0;
    let nulls = 0;
    for (const name in value) {
      const field = value[name];
      if (++count > limits.fields) {
        throw new Rejected('fields_invalid', '/fields', `must not have more than ${limits.fields} keys`);
      }
      const known = type?.fields.get(name);
      if (!known) checkFieldName(name);
      if (typeof tags[name] === 'string') {
        throw new Rejected('fields_invalid', `/fields/${name}`, 'is the name of a tag as well');
      }
      if (field === null) {
        nulls++;
        continue;
      }
      const kind = known ? known.kind : kindOf(field);
      const isFloat = saysKinds && typeof field === 'number';
      const wrong = isFloat && kind === 'integer' ? 'must be integer' : wrongKind(field, kind);
      if (wrong !== undefined) throw new Rejected('field_type', `/fields/${pointerSegment(name)}`, wrong);
      if (!known) this.#news.push({ name, kind: kind! });
      line.field(name, field as FieldValue, kind!);
      if (typeof field !== 'bigint') continue;
      const integer = plainInteger(field);
      value[name] = integer;
      if (typeof integer === 'bigint') this.#isWide = true;
    }
    if (count === nulls) throw new Rejected('no_fields', '/fields', count === 0 ? 'has no fields' : 'has only nulls');
    this.#fields = (nulls === 0 ? value : withoutNulls(value)) as Record<string, FieldValue>;
  }

  #learnSeries(device: string, typeName: string, tags: Tags): SeriesEntry {
    const type = this.#catalog.addType(typeName);
    if (!type) throw new Rejected('too_many_series', '/type', 'the service has no room for another type');
    const series = this.#catalog.addSeries(type, device, tags);
    if (!series) throw new Rejected('too_many_series', '', 'the service has no room for another series');
    return series;
  }

  #learnFields(type: TypeEntry, gathered: Gathered): void {
    for (const { name, kind } of this.#news) {
      if (!this.#catalog.addField(type, name, kind)) {
        throw new Rejected('fields_invalid', `/fields/${name}`, `the type ${type.name} has no room for another field`);
      }
      gathered.taught.push({ type, field: name });
    }
  }

  #learnUnits(type: TypeEntry, units: ReadonlyMap<string, string>): void {
    for (const name in this.#fields) {
      const unit = units.get(name);
      if (unit !== undefined) this.#catalog.learnUnit(type, name, unit);
    }
  }
}

function unknownKey(key: string): Rejected {
  return new Rejected('fields_invalid', `/${pointerSegment(key)}`, `unknown key ${JSON.stringify(key)} in the reading`);
}

/** A reading's own tags win over the batch's. Whether they are valid is not asked here. */
function mergedTags(own: unknown, defaults: unknown): unknown {
  if (defaults === undefined || defaults === null) return own;
  if (own === undefined || own === null) return defaults;
  if (!isPlainObject(own)) return own;
  return isPlainObject(defaults) ? { ...defaults, ...own } : defaults;
}

function checkFieldName(name: string): void {
  if (isKey(name)) return;
  throw new Rejected('fields_invalid', `/fields/${pointerSegment(name)}`, 'is not a name that a field may have');
}

/** For a schema's check, which knows numbers only. */
function withoutBigints(fields: Record<string, FieldValue>): Record<string, FieldValue> {
  const entries = Object.entries(fields);
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]));
}

function withoutNulls(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
