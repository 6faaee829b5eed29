import type { FleetSource } from './arguments.js';
import type { Planned } from './play.js';
import { profiles, type ProfileName } from './profiles.js';
import { Random } from './random.js';

/** How many readings a fleet sends, all devices together. */
export function fleetReadings({ devices, rateHz, durationMs }: FleetSource): number {
  return devices * Math.max(1, Math.floor((durationMs / 1000) * rateHz));
}

export function fleetDevice(profile: ProfileName, index: number): string {
  return `${profile}-${index + 1}`;
}

/**
 * The readings of one device of a fleet, `PROFILE-1` to `PROFILE-N`. Devices begin at different moments of their
 * interval, so that a fleet does not speak all at once.
 */
export function* fleetPlan(source: FleetSource, index: number, startMs: number): Generator<Planned> {
  const { profile, rateHz, seed } = source;
  const random = new Random(seed * 10_007 + index);
  const signal = profiles[profile](random);
  const intervalMs = 1000 / rateHz;
  const firstMs = startMs + random.next() * Math.min(intervalMs, source.durationMs);
  const count = fleetReadings({ ...source, devices: 1 });
  for (let n = 0; n < count; n++) {
    const dueMs = Math.floor(firstMs + n * intervalMs);
    const reading = { device: fleetDevice(profile, index), type: profile, ts: dueMs, fields: signal.fields(dueMs) };
    yield { dueMs, reading };
  }
}
