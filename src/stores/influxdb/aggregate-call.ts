/**
 * What InfluxQL is asked for each function, and what the answers come to. Where its own answer could be another than the
 * contract's, it is asked for the parts:
 *
 * - It sums integers in 64 bits and says nothing when that is not enough; lowest, highest and count tell whether it was.
 * - The deviation of one value is null, and so looks like no value at all, but for the count.
 * - Over several measurements it gives an answer for each, and a mean of means is wrong: sum and count are joined here.
 *
 * `percentile` has the rank that the contract has, and `stddev` is the sample's.
 */
import { type AggregateFunction, makesSenseFor } from '../../domain/accumulator.js';
import type { Kind } from '../../domain/reading.js';
import type { Cell } from '../../ports/history-store.js';

export type Call = Exclude<AggregateFunction, 'spread'>;

/** The answers to the calls on one field; null where it had no value. */
export type Parts = { [call in Call]?: Cell };

/** Functions whose parts of two types can be joined. */
const joinable = new Set<AggregateFunction>(['count', 'sum', 'mean', 'min', 'max', 'spread']);

export function isJoinable(fn: AggregateFunction): boolean {
  return joinable.has(fn);
}

export function callsFor(fn: AggregateFunction, kind: Kind, isJoined: boolean): Call[] {
  if (!makesSenseFor(fn, kind)) return [];
  if (fn === 'spread') return ['min', 'max'];
  if (fn === 'stddev') return ['stddev', 'count'];
  if (kind === 'integer' && (fn === 'sum' || fn === 'mean')) return ['sum', 'count', 'min', 'max'];
  if (fn === 'mean' && isJoined) return ['sum', 'count'];
  return [fn];
}

export function callText(call: Call, field: string): string {
  return call === 'p50' || call === 'p95' || call === 'p99'
    ? `percentile(${field}, ${call.slice(1)})`
    : `${call}(${field})`;
}

export function kindOfCall(call: Call, kind: Kind): Kind {
  if (call === 'count') return 'integer';
  return call === 'mean' || call === 'stddev' ? 'float' : kind;
}

const int64End = 2n ** 63n;

/** Whether a sum of integers may have gone beyond 64 bits. */
export function mayHaveOverflowed({ sum, count, min, max }: Parts): boolean {
  if (!isNumber(sum) || !isNumber(count) || !isNumber(min) || !isNumber(max)) return false;
  const [low, high] = [magnitude(BigInt(min)), magnitude(BigInt(max))];
  return (low > high ? low : high) * BigInt(count) >= int64End;
}

/** Joins the answers of two types that have the field in one kind. */
export function joinParts(a: Parts, b: Parts, kind: Kind): Parts {
  const joined: Parts = {};
  for (const call of new Set([...Object.keys(a), ...Object.keys(b)] as Call[]))
    joined[call] = joinCells(call, a[call] ?? null, b[call] ?? null, kind);
  return joined;
}

function joinCells(call: Call, a: Cell, b: Cell, kind: Kind): Cell {
  if (!isNumber(a)) return b;
  if (!isNumber(b)) return a;
  if (call === 'min') return a < b ? a : b;
  if (call === 'max') return a > b ? a : b;
  return call === 'count' || kind === 'integer' ? narrow(BigInt(a) + BigInt(b)) : Number(a) + Number(b);
}

export function resultOf(fn: AggregateFunction, parts: Parts, kind: Kind): Cell {
  if (fn === 'spread') return isNumber(parts.min) && isNumber(parts.max) ? spread(parts.min, parts.max, kind) : null;
  if (fn === 'mean' && parts.mean === undefined) {
    return isNumber(parts.sum) && isNumber(parts.count) ? Number(parts.sum) / Number(parts.count) : null;
  }
  return parts[fn] ?? null;
}

function spread(min: number | bigint, max: number | bigint, kind: Kind): number | bigint {
  return kind === 'integer' ? narrow(BigInt(max) - BigInt(min)) : Number(max) - Number(min);
}

function isNumber(value: Cell | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** Integers are numbers while they are safe. */
function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
