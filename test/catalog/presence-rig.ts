/** Devices of a catalog, and time that goes on only when it is told to. */
import { mock } from 'node:test';
import { CatalogDevice } from '../../src/catalog/device.js';
import { MemoryCatalog } from '../../src/catalog/memory-catalog.js';
import type { PresenceChange } from '../../src/ports/presence.js';

export const startMs = 1_700_000_000_000;
export const secondMs = 1_000;
export const minuteMs = 60_000;
export const hourMs = 3_600_000;

export class PresenceRig {
  readonly catalog = new MemoryCatalog({ now: () => Date.now() }, []);
  readonly changes: PresenceChange[] = [];

  constructor() {
    this.catalog.presence.onChange = (change) => void this.changes.push(change);
  }

  /** @param aliveMs when the service was last known to live */
  start(aliveMs = 0): void {
    this.catalog.presence.start(aliveMs);
  }

  stop(): void {
    this.catalog.presence.stop();
  }

  /** A batch with a reading of each of these devices, of an hour ago by their own clocks. */
  send(...devices: string[]): void {
    this.sendOf('pump', ...devices);
  }

  sendOf(typeName: string, ...devices: string[]): void {
    const type = this.catalog.addType(typeName)!;
    this.catalog.addField(type, 'a', 'float');
    const values = devices.map((device) => {
      const series = this.catalog.addSeries(type, device, {})!;
      return { series, ms: Date.now() - hourMs, ns: 0, fields: { a: 1 } };
    });
    this.catalog.observe(values, Date.now());
  }

  /** Second by second, as it does. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= secondMs) mock.timers.tick(Math.min(secondMs, left));
  }

  state(device: string): string | undefined {
    return this.catalog.device(device)?.state;
  }

  /** What was told since the last time, each as `boiler-7 online 0`, with the seconds since the start. */
  told(): string[] {
    return this.changes
      .splice(0)
      .map(({ device, state, at }) => `${device} ${state} ${Math.round((at - startMs) / secondMs)}`);
  }
}

/** How often a deadline was asked for while this ran: that is what presence costs. */
export function looksDuring(work: () => void): number {
  const asked = mock.method(CatalogDevice.prototype, 'deadlineMs');
  work();
  asked.mock.restore();
  return asked.mock.callCount();
}
