/** Whether devices are there, as the catalog knows it and the live feed tells it. */
import type { DeviceState } from '../domain/generated/answers.js';
import type { SeriesIdentity } from '../domain/reading.js';

export interface DeviceSeries extends SeriesIdentity {
  /** How its lines begin (domain/line.ts). */
  readonly prefix: string;
}

export interface DevicePresence {
  device: string;
  state: DeviceState;
  /** Since when, in milliseconds. */
  at: number;
  /** Number of the change that made it so: a later change has a higher one, also after a restart. */
  change: number;
  /** Of which readings were durable. */
  series: readonly DeviceSeries[];
}

export interface PresenceChange extends DevicePresence {
  /** A series that the device did not have before; then its state may be what it was. */
  added: DeviceSeries | undefined;
}

export interface PresenceSource {
  /**
   * Every known device, or those of the named ones that are known, whose state changed after a change.
   * @param after its number; 0 for all
   */
  states(after: number, devices?: Iterable<string>): Iterable<DevicePresence>;
  /** Number of the newest change. */
  readonly lastChange: number;
  /** Who is told of every change, in order, in the moment in which it takes place. */
  onChange: (change: PresenceChange) => void;
}
