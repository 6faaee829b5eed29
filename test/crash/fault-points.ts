/** The named points of the service at which a fault can be planted, and what can be done there (inject.ts does it). */
import { fileURLToPath } from 'node:url';

const everyStore = [
  'append, before',
  'append, half written',
  'append, written',
  'append, synced',
  'rotate, before',
  'rotate, made',
  'rotate, before the header',
  'rotate, header written',
  'rotate, header synced',
  'rotate, directory synced',
  'delete, before',
  'delete, done',
  'delete, directory synced',
] as const;
const duckDb = ['deliver, before the store commits', 'deliver, the store has committed'] as const;
const influxDb = [
  'deliver, request made',
  'deliver, request answered',
  'commit, before',
  'commit, written',
  'commit, synced',
  'commit, renamed',
  'commit, directory synced',
] as const;
/** Points of a start that finds a write that was interrupted. */
const start = ['start, before the cut', 'start, cut'] as const;

export const killPoints = {
  duckdb: [...everyStore, ...duckDb],
  influxdb: [...everyStore, ...influxDb],
} as const;
export const startPoints = start;

export type Point =
  (typeof everyStore)[number] | (typeof duckDb)[number] | (typeof influxDb)[number] | (typeof start)[number] | 'sync';

export interface Fault {
  point: Point;
  /** How often the point is passed before, and this time included. */
  nth: number;
  /** How often in a row it happens then. */
  times: number;
  /** `lie`: the call returns at once, and is carried out after the delay. */
  act: 'kill' | 'delay' | 'lie' | 'EIO' | 'ENOSPC';
  delayMs: number;
}

export function killAt(point: Point, nth: number): Fault {
  return { point, nth, times: 1, act: 'kill', delayMs: 0 };
}

/** The settings with which a service starts that has this fault in it. */
export function planted(fault: Fault): Record<string, string> {
  const preload = new URL('./inject.js', import.meta.url);
  return { NODE_OPTIONS: `--import=${fileURLToPath(preload)}`, FAULT: JSON.stringify(fault) };
}
