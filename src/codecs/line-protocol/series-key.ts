/**
 * What stands before the fields of a line: measurement and tags, as they are escaped there.
 *
 *     disk,host=gw-1,device=sda1,path=/var\ log
 *
 * The measurement is the type; the device is the value of the first of the configured tags that the line has. A tag
 * `device` that names the device is not a tag as well; any other stays one.
 */
import { limits } from '../../domain/reading.js';
import { keyName, typeName } from '../names.js';
import { LineError } from './line-error.js';

export interface SeriesKey {
  type: string;
  /** Undefined where no tag names it. */
  device: string | undefined;
  tags: Readonly<Record<string, string>>;
  /** The field keys of the newest line, as they were written and as they are named; see `PointReader`. */
  readonly written: string[];
  readonly names: string[];
}

const escapes = /\\([,= ])/g;
const measurementEscapes = /\\([, ])/g;

/** @throws LineError with the place within `text` */
export function readSeriesKey(text: string, deviceTags: readonly string[]): SeriesKey {
  let at = endOf(text, 0, ',');
  if (at === 0) throw new LineError(0, 'the measurement is missing');
  const type = typeName(text.slice(0, at).replace(measurementEscapes, '$1'));
  const written = new Map<string, string>();
  const pairs: [key: string, value: string][] = [];
  while (at < text.length) {
    const keyAt = at + 1;
    const [key, value, end] = readTag(text, keyAt);
    pairs.push([key, value]);
    if (!written.has(key)) written.set(key, value);
    at = end;
  }
  const namedBy = deviceTags.find((key) => written.has(key));
  const tags: Record<string, string> = {};
  let count = 0;
  for (const [key, value] of pairs) {
    if (key === 'device' && namedBy === 'device' && written.get(key) === value) continue;
    tags[keyName(key, (name) => Object.hasOwn(tags, name))] = value;
    // One more than there may be is enough to have the line rejected.
    if (++count > limits.tags) break;
  }
  return { type, device: namedBy === undefined ? undefined : written.get(namedBy), tags, written: [], names: [] };
}

function readTag(text: string, keyAt: number): [key: string, value: string, end: number] {
  const equals = endOf(text, keyAt, '=');
  if (equals === keyAt) throw new LineError(keyAt, 'the key of a tag is missing');
  if (equals === text.length || endOf(text, keyAt, ',') < equals) throw new LineError(keyAt, 'a tag has no "="');
  const valueAt = equals + 1;
  const end = endOf(text, valueAt, ',');
  if (end === valueAt) throw new LineError(valueAt, 'the value of a tag is missing');
  const second = endOf(text, valueAt, '=');
  if (second < end) throw new LineError(second, 'the "=" in the value of a tag has no backslash before it');
  const unescaped = (from: number, to: number) => text.slice(from, to).replace(escapes, '$1');
  return [unescaped(keyAt, equals), unescaped(valueAt, end), end];
}

/** Where `mark` is next without a backslash before it; the end of the text where it is not. */
function endOf(text: string, from: number, mark: string): number {
  let at = text.indexOf(mark, from);
  while (at > from && text[at - 1] === '\\') at = text.indexOf(mark, at + 1);
  return at < 0 ? text.length : at;
}
