/** The words of a reading, as every room uses them. */
import type { Precision } from './generated/reading.js';

/** Kind of a field, fixed per type once the first value was accepted or a schema says it. */
export type Kind = 'float' | 'integer' | 'boolean' | 'string';

/** A field's value. Integers are numbers while they are safe (|n| <= 2^53 - 1), bigints beyond. */
export type FieldValue = number | bigint | boolean | string;

/** String labels; part of the series identity. */
export type Tags = Readonly<Record<string, string>>;

export type { Precision } from './generated/reading.js';

export const defaultType = 'telemetry';

/** A reading as clients see it in live messages: `ts` in whole milliseconds; integers beyond 2^53 as strings. */
export interface Reading {
  device: string;
  type: string;
  ts: number;
  tags: Tags;
  fields: Record<string, number | boolean | string>;
}

/** What a series is: type + device + tags. */
export interface SeriesIdentity {
  readonly type: string;
  readonly device: string;
  readonly tags: Tags;
}

/** Limits of the general form of a reading (characters are Unicode code points). */
export const limits = {
  tags: 16,
  fields: 64,
  tagValueCharacters: 256,
  stringFieldCharacters: 1024,
  /** A timestamp may be at most this far ahead of the clock. */
  futureMs: 24 * 3600 * 1000,
  /** 1971-01-01: what is older is a clock that was never set. */
  earliestMs: 31_536_000_000,
} as const;

const devicePattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
const typePattern = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
const keyPattern = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
const reservedKeys = new Set(['time', 'ts', 'device', 'type', '__proto__', 'constructor', 'prototype']);

export function isDevice(value: unknown): value is string {
  return typeof value === 'string' && devicePattern.test(value);
}

export function isTypeName(value: unknown): value is string {
  return typeof value === 'string' && typePattern.test(value);
}

/** Whether `key` may name a tag or a field. */
export function isKey(key: string): boolean {
  return keyPattern.test(key) && !reservedKeys.has(key);
}

/** Whether `key` has a meaning of its own, and so names no tag and no field. */
export function isReservedKey(key: string): boolean {
  return reservedKeys.has(key);
}

export function isPrecision(value: unknown): value is Precision {
  return value === 's' || value === 'ms' || value === 'us' || value === 'ns';
}

/** Whether `text` has more than `limit` code points; looks at the characters only where the answer depends on them. */
export function isLongerThan(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  if (text.length > limit * 2) return true;
  let count = 0;
  for (const _ of text) if (++count > limit) return true;
  return false;
}
