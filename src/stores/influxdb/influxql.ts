/**
 * The only way for values into the text of a query. What is quoted here cannot end its literal: the quote itself,
 * backslashes and newlines are escaped, which are all that InfluxQL's scanner gives a meaning.
 */
import { storedTagValue } from '../../domain/line.js';
import { isKey, type Kind } from '../../domain/reading.js';
import type { SeriesSelection } from '../../ports/history-store.js';

export function stringLiteral(text: string): string {
  return `'${escape(text, /[\\'\n]/g)}'`;
}

export function identifier(name: string): string {
  return `"${escape(name, /[\\"\n]/g)}"`;
}

function escape(text: string, specials: RegExp): string {
  return text.replace(specials, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

/** A pattern with `*` as an anchored regular expression of Go's syntax; `.` takes newlines too. */
export function patternLiteral(pattern: string): string {
  const expression = pattern.split(/\*+/).map(escapeForRegex).join('.*');
  return `/^(?s:${expression})$/`;
}

/** Everything that is no letter, digit or underscore by its code point, so that nothing has a meaning of its own. */
function escapeForRegex(text: string): string {
  return text.replace(/[^\p{L}\p{N}_]/gu, (character) => `\\x{${character.codePointAt(0)!.toString(16)}}`);
}

/** Times that InfluxQL can say; its own bounds are a nanosecond inside those of a 64-bit integer. */
const earliest = -9_223_372_036_854_775_806n;
const latest = 9_223_372_036_854_775_806n;

/** `from` included, `to` not. Both are always said: without an upper bound a query may make buckets up to now. */
export function timeRange(from: bigint, to: bigint): string {
  return `time >= ${clamp(from)} AND time < ${clamp(to)}`;
}

function clamp(ts: bigint): bigint {
  return ts < earliest ? earliest : ts > latest ? latest : ts;
}

/** A field asked for by its kind: a shard that has another kind under this name gives nothing. */
export function fieldReference(name: string, kind: Kind): string {
  return `${identifier(name)}::${kind}`;
}

export function tagReference(key: string): string {
  return `${identifier(key)}::tag`;
}

/**
 * The condition that a series is selected. Points without a device were not written by us; one that is named is there. What no reading can be named
 * selects nothing; that also keeps out NUL, which ends a query's text and has no escape.
 */
export function seriesCondition(selection: SeriesSelection): string {
  const conditions = selection.devices?.every((pattern) => !pattern.includes('*')) ? [] : [isThere(device)];
  if (selection.devices !== undefined) {
    const each = selection.devices
      .filter((pattern) => deviceCharacters.test(pattern))
      .map((pattern) => matches(device, pattern));
    conditions.push(each.length === 0 ? never : `(${each.join(' OR ')})`);
  }
  for (const [key, value] of Object.entries(selection.tags ?? {})) {
    const isPossible = isKey(key) && !controlCharacters.test(value);
    conditions.push(isPossible ? isThere(tagReference(key)) : never);
    if (isPossible) conditions.push(matches(tagReference(key), storedTagValue(value)));
  }
  return conditions.join(' AND ');
}

/** For DROP SERIES and DELETE, which take no cast. */
export function deviceCondition(name: string): string {
  return `${identifier('device')} = ${stringLiteral(name)}`;
}

const device = tagReference('device');
const never = `${device} = ''`;
const deviceCharacters = /^[A-Za-z0-9._:*-]+$/;
const controlCharacters = /\p{Cc}/u;

function isThere(tag: string): string {
  return `${tag} != ''`;
}

function matches(tag: string, pattern: string): string {
  return pattern.includes('*') ? `${tag} =~ ${patternLiteral(pattern)}` : `${tag} = ${stringLiteral(pattern)}`;
}
