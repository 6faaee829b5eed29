/**
 * Messages of the bus. A batch and an answer are a line of JSON and behind it the readings' own lines (domain/line.ts):
 *
 *     batch     {"from":1200,"count":2}\nmachine,device=… …\nmachine,device=… …\n
 *     answer    {"id":7,"from":1200,"count":2,"head":1350,"tail":0,"low":900}\n…
 *
 * A fetch and a status are JSON alone:
 *
 *     fetch     {"id":7,"to":"0a1b2c3d","from":1200,"maxBytes":524288}
 *     status    {"state":"online","at":1700000000000,"head":1350,"tail":0,"low":900}
 *
 * `from` is the position of the first reading, `head` the number of readings ever accepted, `tail` the first that is still
 * in the spool, `low` how far the store has them. So a `from` that is not where the batch before ended says that something is
 * missing.
 */

/** Of one message's lines, about: below what brokers take, and small beside a connection's buffers. */
export const messageBytes = 512 * 1024;

export interface Status {
  state: 'online' | 'offline';
  /** By the instance's clock. */
  atMs: number;
  head: number;
  tail: number;
  low: number;
}

export interface Fetch {
  id: number;
  /** Where the answer goes. */
  to: string;
  from: number;
  maxBytes: number;
}

/** Lines with their positions; `lines` is the UTF-8 of `count` of them. */
export interface Stretch {
  from: number;
  count: number;
  lines: Uint8Array;
}

export interface Answer extends Stretch {
  id: number;
  head: number;
  tail: number;
  low: number;
}

const newline = 10;
const longestHeader = 1_000;

export function encodeStretch(header: Record<string, number>, lines: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...lines]);
}

export function encodeFetch(fetch: Fetch): Buffer {
  return Buffer.from(JSON.stringify(fetch));
}

export function encodeStatus({ state, atMs, head, tail, low }: Status): Buffer {
  return Buffer.from(JSON.stringify({ state, at: atMs, head, tail, low }));
}

export function decodeBatch(payload: Buffer): Stretch | undefined {
  const end = payload.subarray(0, longestHeader).indexOf(newline);
  const header = end < 0 ? undefined : readNumbers(payload.subarray(0, end), ['from', 'count']);
  return header && { from: header['from']!, count: header['count']!, lines: payload.subarray(end + 1) };
}

export function decodeAnswer(payload: Buffer): Answer | undefined {
  const stretch = decodeBatch(payload);
  const header = stretch && readNumbers(headOf(payload), ['id', 'head', 'tail', 'low']);
  return header && { ...stretch, id: header['id']!, head: header['head']!, tail: header['tail']!, low: header['low']! };
}

export function decodeFetch(payload: Buffer): Fetch | undefined {
  const numbers = readNumbers(payload, ['id', 'from', 'maxBytes']);
  const to = numbers && (parse(payload) as { to?: unknown }).to;
  if (typeof to !== 'string' || !/^[0-9a-f]{8}$/.test(to)) return undefined;
  return { id: numbers!['id']!, to, from: numbers!['from']!, maxBytes: numbers!['maxBytes']! };
}

export function decodeStatus(payload: Buffer): Status | undefined {
  const numbers = readNumbers(payload, ['at', 'head', 'tail', 'low']);
  const state = numbers && (parse(payload) as { state?: unknown }).state;
  if (state !== 'online' && state !== 'offline') return undefined;
  return { state, atMs: numbers!['at']!, head: numbers!['head']!, tail: numbers!['tail']!, low: numbers!['low']! };
}

function headOf(payload: Buffer): Buffer {
  return payload.subarray(0, payload.indexOf(newline));
}

function parse(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** @returns undefined unless all of them are there, and are positions, sizes or times */
function readNumbers(text: Buffer, names: readonly string[]): Record<string, number> | undefined {
  const value = text.length > longestHeader ? undefined : parse(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const numbers = value as Record<string, number>;
  return names.every((name) => Number.isSafeInteger(numbers[name]) && numbers[name]! >= 0) ? numbers : undefined;
}
