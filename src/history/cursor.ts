/**
 * A cursor of history: base64url of `[version, fingerprint, from, to, ts, series]`, all strings but the version. It says
 * behind which row to go on, so rows that come meanwhile neither shift nor repeat anything; it keeps the range of the first
 * page, so that `-1h` means the same hour on all pages; and it is good for the query it came from only.
 */
import { createHash } from 'node:crypto';
import { Refusal } from '../domain/refusal.js';
import type { RowKey } from '../ports/history-store.js';
import type { Parameters } from './parameter.js';
import type { TimeRange } from './time-range.js';

export interface Cursor extends TimeRange {
  fingerprint: string;
  after: RowKey;
}

const version = 1;
const maxCharacters = 65_536;
/** These say how much to give and in which form, not which rows there are. */
const notInFingerprint = new Set(['cursor', 'limit', 'precision', 'format']);

export function fingerprintOf(parameters: Parameters): string {
  const relevant = Object.entries(parameters)
    .filter(([name, value]) => value !== '' && !notInFingerprint.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(relevant)).digest('base64url').slice(0, 12);
}

export function encodeCursor({ fingerprint, from, to, after }: Cursor): string {
  const parts = [version, fingerprint, String(from), String(to), String(after.ts), after.series];
  return Buffer.from(JSON.stringify(parts), 'utf8').toString('base64url');
}

/** @throws Refusal `invalid_cursor` when it is no cursor, or another query's */
export function decodeCursor(text: string, fingerprint: string): Cursor {
  const parts = text.length <= maxCharacters ? parse(text) : undefined;
  if (!isCursor(parts)) throw new Refusal('invalid_cursor', 'cursor: is not one that this service has given');
  if (parts[1] !== fingerprint) throw new Refusal('invalid_cursor', 'cursor: belongs to a query with other parameters');
  const [, , from, to, ts, series] = parts;
  return { fingerprint, from: BigInt(from), to: BigInt(to), after: { ts: BigInt(ts), series } };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function isCursor(parts: unknown): parts is [number, string, string, string, string, string] {
  if (!Array.isArray(parts) || parts.length !== 6 || parts[0] !== version) return false;
  const isNanoseconds = (text: unknown) => typeof text === 'string' && /^-?\d{1,19}$/.test(text);
  return isNanoseconds(parts[2]) && isNanoseconds(parts[3]) && isNanoseconds(parts[4]) && typeof parts[5] === 'string';
}
