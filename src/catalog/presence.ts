/**
 * Whether devices are there. One is online while it has an open stream, and else as long as it is silent for no longer than
 * its patience (device.ts). The end of its last stream is a sign of life too: who comes back within a minute makes no noise.
 *
 * All that are online stand on one wheel, whose round is no longer than the shortest patience. So a batch only notes when it
 * came and moves nothing, and yet none is looked at more than a tick behind its deadline.
 *
 * Silence counts only while there was somebody to listen: behind a start, or a pause of the process, each device has its whole
 * patience again. At a start a device is what it was when the service was last known to live.
 */
import type { Clock } from '../ports/clock.js';
import type { DevicePresence, DeviceSeries, PresenceChange, PresenceSource } from '../ports/presence.js';
import { Wheel } from '../domain/wheel.js';
import { shortestPatienceMs, type CatalogDevice } from './device.js';

const tickMs = 1_000;
/** A tick so late says that the process did not run, or had no time for what arrived. */
const pauseMs = 5_000;

export class Presence implements PresenceSource {
  readonly #clock: Clock;
  readonly #devices: ReadonlyMap<string, CatalogDevice>;
  readonly #wheel = new Wheel<CatalogDevice>(shortestPatienceMs / tickMs, tickMs, (device) => this.#look(device));
  #timer: NodeJS.Timeout | undefined;
  #isStarted = false;
  #tickedMs = 0;
  #listeningSinceMs = 0;
  #lastChange = 0;
  onChange: (change: PresenceChange) => void = () => undefined;

  constructor(clock: Clock, devices: ReadonlyMap<string, CatalogDevice>) {
    this.#clock = clock;
    this.#devices = devices;
  }

  /** @param aliveMs when the service is known to have lived, before this start */
  start(aliveMs: number): void {
    this.#isStarted = true;
    this.#tickedMs = this.#listeningSinceMs = this.#clock.now();
    let lastAliveMs = aliveMs;
    for (const { lastSeenMs, change } of this.#devices.values()) {
      lastAliveMs = Math.max(lastAliveMs, lastSeenMs);
      this.#lastChange = Math.max(this.#lastChange, change);
    }
    for (const device of this.#devices.values()) this.#restore(device, Math.min(lastAliveMs, this.#tickedMs));
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#isStarted = false;
  }

  get lastChange(): number {
    return this.#lastChange;
  }

  *states(after: number, devices: Iterable<string> = this.#devices.keys()): Iterable<DevicePresence> {
    for (const name of devices) {
      const device = this.#devices.get(name);
      if (device?.isKnown && (after === 0 || device.change > after)) yield device.presence();
    }
  }

  /** A device that is offline has sent something, or opened a stream. */
  heard(device: CatalogDevice): void {
    if (!this.#isStarted) return;
    const deadlineMs = device.deadlineMs(0);
    if (deadlineMs >= this.#clock.now()) {
      this.#turn(device, true);
      this.#watch(device);
    } else {
      // Of long ago: a store that was away at the start has told of it.
      device.sinceMs ||= deadlineMs;
    }
  }

  /** One that is online has its first reading of a series. */
  grown(device: CatalogDevice, added: DeviceSeries): void {
    if (!this.#isStarted) return;
    device.change = this.#nextChange();
    this.onChange({ ...device.presence(), added });
  }

  /** It is going to be forgotten. */
  gone(device: CatalogDevice): void {
    this.#wheel.remove(device);
    if (device.isOnline) this.#turn(device, false);
  }

  /** Nobody is told: nobody can have asked yet. */
  #restore(device: CatalogDevice, aliveMs: number): void {
    const deadlineMs = device.deadlineMs(0);
    if (!device.isOnline && device.isKnown && deadlineMs >= aliveMs) {
      device.isOnline = true;
      device.sinceMs = device.lastSeenMs;
      device.change = this.#nextChange();
    }
    if (device.isOnline) this.#watch(device);
    else device.sinceMs ||= deadlineMs;
  }

  #tick(): void {
    const nowMs = this.#clock.now();
    if (nowMs - this.#tickedMs > pauseMs) this.#listeningSinceMs = nowMs;
    this.#tickedMs = nowMs;
    this.#wheel.turn();
  }

  #look(device: CatalogDevice): void {
    if (device.deadlineMs(this.#listeningSinceMs) >= this.#tickedMs) return this.#watch(device);
    this.#wheel.remove(device);
    this.#turn(device, false);
  }

  #watch(device: CatalogDevice): void {
    const waitMs = device.deadlineMs(this.#listeningSinceMs) - this.#clock.now();
    this.#wheel.place(device, Math.floor(waitMs / tickMs) + 1);
  }

  #turn(device: CatalogDevice, isOnline: boolean): void {
    device.isOnline = isOnline;
    device.sinceMs = this.#clock.now();
    device.change = this.#nextChange();
    this.onChange({ ...device.presence(), added: undefined });
  }

  /** Microseconds since 1970, none twice: so they rise over a restart too. */
  #nextChange(): number {
    this.#lastChange = Math.max(this.#lastChange + 1, this.#clock.now() * 1000);
    return this.#lastChange;
  }
}
