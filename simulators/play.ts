/**
 * Sends planned readings when they are due. Fleets and replays are both such plans; nothing else knows about time.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Device, OutgoingReading } from '../src/client/index.js';
import type { Tally } from './tally.js';

export interface Planned {
  /** Wall-clock time; what is in the past goes at once. */
  dueMs: number;
  reading: OutgoingReading;
}

export type Plan = Iterable<Planned> | AsyncIterable<Planned>;

/** How long a reading may wait for others to share its request or frame. */
const gatherMs = 1000;

/** Resolves when all was handed to the device, or `signal` ended it early. */
export async function play(
  plan: Plan,
  device: Device,
  batch: number,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  let gathered: OutgoingReading[] = [];
  let gatheredSinceMs = 0;
  const send = async (): Promise<void> => {
    const readings = gathered;
    gathered = [];
    tally.sent += readings.length;
    await device.send(readings);
  };
  for await (const { dueMs, reading } of plan) {
    if (signal.aborted) break;
    if (dueMs > Date.now()) {
      if (gathered.length > 0 && dueMs - gatheredSinceMs > gatherMs) await send();
      await waitUntil(dueMs, signal);
      if (signal.aborted) break;
    }
    if (gathered.length === 0) gatheredSinceMs = Date.now();
    gathered.push(reading);
    if (gathered.length >= batch) await send();
  }
  if (gathered.length > 0) await send();
}

async function waitUntil(dueMs: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(dueMs - Date.now(), undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
