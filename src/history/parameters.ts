/** The parameters of `GET /v1/history`, from text to a query. */
import { isKey, type Precision } from '../domain/reading.js';
import { compilePatterns } from '../domain/pattern.js';
import {
  type AggregateFunction,
  aggregateFunctions,
  type FieldColumn,
  type TypeColumns,
} from '../ports/history-store.js';
import { decodeCursor, fingerprintOf } from './cursor.js';
import { devicesInScope } from './device-scope.js';
import { bucketStarts, readEvery, readZone } from './every.js';
import { choiceOf, choicesOf, integerOf, listOf, type Parameters, quote, refuse, textOf } from './parameter.js';
import type { BucketQuery, Fill, Format, Group, HistoryQuery, Order } from './query.js';
import { readTimeRange, type TimeRange } from './time-range.js';

/** What a request is understood against. */
export interface HistoryContext {
  /** Milliseconds. */
  now: number;
  /** What the catalog knows. */
  types: readonly { type: string; fields: readonly FieldColumn[] }[];
  /** Patterns of the devices that the client may see; absent for all. */
  allowedDevices?: readonly string[] | undefined;
}

export const maxLimit = 100_000;
export const maxMaxPoints = 100_000;

const names = new Set([
  'devices',
  'types',
  'fields',
  'from',
  'to',
  'every',
  'fn',
  'group',
  'fill',
  'tz',
  'order',
  'limit',
  'cursor',
  'maxPoints',
  'precision',
  'format',
]);
const onlyWithEvery = ['fn', 'group', 'fill'];
const orders: readonly Order[] = ['asc', 'desc'];
const fills: readonly Fill[] = ['none', 'null', 'previous', 'linear'];
const formats: readonly Format[] = ['json', 'ndjson', 'csv', 'parquet'];
const precisions: readonly Precision[] = ['s', 'ms', 'us', 'ns'];
const maxTagCharacters = 256;

/** @throws Refusal `invalid_parameter`, naming it, or `invalid_cursor` */
export function readHistoryQuery(parameters: Parameters, context: HistoryContext): HistoryQuery {
  for (const name of Object.keys(parameters)) {
    if (!names.has(name) && !name.startsWith('tag.')) refuse(printable(name), 'is not a parameter of history');
  }
  const fingerprint = fingerprintOf(parameters);
  const range = readTimeRange(parameters, context.now);
  const cursorText = textOf(parameters, 'cursor');
  const cursor = cursorText === undefined ? undefined : decodeCursor(cursorText, fingerprint);
  const { from, to } = cursor ?? range;
  const fields = listOf(parameters, 'fields');
  return {
    columns: columnsOf(context.types, listOf(parameters, 'types'), fields),
    namedFields: new Set(fields?.filter((field) => !field.includes('*'))),
    series: {
      devices: devicesInScope(listOf(parameters, 'devices'), context.allowedDevices),
      tags: readTags(parameters),
    },
    from,
    to,
    order: choiceOf(parameters, 'order', orders) ?? 'asc',
    limit: integerOf(parameters, 'limit', 1, maxLimit),
    after: cursor?.after,
    buckets: readBuckets(parameters, { from, to }),
    maxPoints: readMaxPoints(parameters),
    precision: choiceOf(parameters, 'precision', precisions) ?? 'ms',
    format: choiceOf(parameters, 'format', formats),
    fingerprint,
    touchesNow: to >= BigInt(context.now) * 1_000_000n,
  };
}

/** A field that is known in two types, of two kinds even, is asked for in both. */
function columnsOf(
  known: HistoryContext['types'],
  types: readonly string[] | undefined,
  fields: readonly string[] | undefined,
): TypeColumns[] {
  const isType = compilePatterns(types);
  const isField = compilePatterns(fields);
  return known
    .filter(({ type }) => isType(type))
    .map(({ type, fields }) => ({ type, fields: fields.filter(({ name }) => isField(name)) }))
    .filter(({ fields }) => fields.length > 0);
}

function readTags(parameters: Parameters): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (!name.startsWith('tag.')) continue;
    const key = name.slice('tag.'.length);
    if (!isKey(key)) refuse(printable(name), 'is not the key of a tag');
    if (value === '' || value.length > 2 * maxTagCharacters || /\p{Cc}/u.test(value)) {
      refuse(name, `must have 1 to ${maxTagCharacters} characters, without control characters`);
    }
    tags[key] = value;
  }
  return tags;
}

function readBuckets(parameters: Parameters, range: TimeRange): BucketQuery | undefined {
  const every = readEvery(parameters);
  const zone = readZone(parameters);
  if (!every) {
    for (const name of onlyWithEvery) {
      if (textOf(parameters, name) !== undefined) refuse(name, 'makes sense together with every only');
    }
    return undefined;
  }
  return {
    starts: bucketStarts(range, every, zone),
    functions: choicesOf<AggregateFunction>(parameters, 'fn', aggregateFunctions) ?? ['mean'],
    group: readGroup(parameters),
    fill: choiceOf(parameters, 'fill', fills) ?? 'none',
  };
}

/** `group=none` merges all series into one group. */
function readGroup(parameters: Parameters): Group {
  const parts = listOf(parameters, 'group');
  if (!parts) return { device: true, type: true, tags: 'all' };
  if (parts.length === 1 && parts[0] === 'none') return { device: false, type: false, tags: [] };
  const tags: string[] = [];
  for (const part of parts) {
    if (part === 'device' || part === 'type') continue;
    const key = part.startsWith('tag.') ? part.slice('tag.'.length) : '';
    if (!isKey(key)) refuse('group', `must be device, type, tag.KEY or none, not ${quote(part)}`);
    tags.push(key);
  }
  return { device: parts.includes('device'), type: parts.includes('type'), tags };
}

function readMaxPoints(parameters: Parameters): number | undefined {
  const maxPoints = integerOf(parameters, 'maxPoints', 1, maxMaxPoints);
  if (maxPoints !== undefined && textOf(parameters, 'every') !== undefined) {
    refuse('maxPoints', 'thins rows as they were stored, so it cannot be used together with every');
  }
  return maxPoints;
}

/** A name that a stranger made up, as far as it may be shown. */
function printable(name: string): string {
  return /^[\w.-]{1,80}$/.test(name) ? name : quote(name);
}
