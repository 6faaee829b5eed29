/**
 * The devices with their newest values. At most a page of them is shown, and the live feed is asked for exactly those: so
 * ten devices and a million cost the browser the same.
 */
import type { FeedClient, Subscription } from '../src/client/index.js';
import type { DeviceSummary } from '../src/domain/generated/answers.js';
import type { Reading } from '../src/domain/reading.js';
import { DeviceRow } from './device-row.js';
import { byId, setText } from './element.js';
import { listDevices, troubleOf } from './server.js';
import type { Units } from './units.js';

const shownDevices = 100;
const refreshIntervalMs = 3000;
const searchDelayMs = 200;

export interface DeviceListEvents {
  /** After each look at the inventory; `searching` tells an empty result from an empty service. */
  onListed(count: number, searching: boolean): void;
  /** Null when it is over. */
  onTrouble(message: string | null): void;
}

export class DeviceList {
  readonly #list = byId('device-list');
  readonly #note = byId('list-note');
  readonly #search = byId('search') as HTMLInputElement;
  readonly #feed: FeedClient;
  readonly #units: Units;
  readonly #events: DeviceListEvents;
  #rows = new Map<string, DeviceRow>();
  readonly #changed = new Set<DeviceRow>();
  #subscription: Subscription | undefined;
  #picked: string | undefined;
  #searchTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(feed: FeedClient, units: Units, events: DeviceListEvents) {
    this.#feed = feed;
    this.#units = units;
    this.#events = events;
  }

  start(): void {
    this.#search.addEventListener('input', () => {
      clearTimeout(this.#searchTimer);
      this.#searchTimer = setTimeout(() => void this.refresh(), searchDelayMs);
    });
    setInterval(() => {
      if (!document.hidden) void this.refresh();
    }, refreshIntervalMs);
    setInterval(() => this.#paintAll(), 1000);
    void this.refresh();
  }

  pick(device: string | undefined): void {
    this.#picked = device;
    for (const [name, row] of this.#rows) row.mark(name === device);
  }

  async refresh(): Promise<void> {
    const prefix = this.#search.value.trim();
    try {
      const { devices, more } = await listDevices(prefix, shownDevices);
      if (prefix !== this.#search.value.trim()) return; // a later search has overtaken this one
      this.#showEntries(devices);
      setText(this.#note, noteFor(devices.length, more, prefix));
      this.#events.onListed(devices.length, prefix !== '');
      this.#events.onTrouble(null);
      await this.#learnUnits(devices);
    } catch (error) {
      this.#events.onTrouble(troubleOf(error));
    }
  }

  #showEntries(devices: readonly DeviceSummary[]): void {
    const before = this.#rows;
    this.#rows = new Map(
      devices.map(({ device }) => [device, before.get(device) ?? new DeviceRow(device, this.#units)]),
    );
    for (const entry of devices) this.#rows.get(entry.device)?.describe(entry, Date.now());
    const sameAsBefore = devices.length === before.size && devices.every(({ device }) => before.has(device));
    if (sameAsBefore) return;
    this.#list.replaceChildren(...[...this.#rows.values()].map((row) => row.element));
    this.pick(this.#picked);
    this.#follow([...this.#rows.keys()]);
  }

  #follow(devices: string[]): void {
    this.#subscription?.close();
    this.#subscription = undefined;
    if (devices.length === 0) return;
    this.#subscription = this.#feed.subscribe(
      { devices, snapshot: true, presence: true },
      {
        onSnapshot: (readings) => this.#take(readings),
        onReadings: (readings) => this.#take(readings, Date.now()),
        onPresence: (presence) => {
          for (const { device, state } of presence) this.#rows.get(device)?.showState(state);
        },
      },
    );
  }

  /** @param arrivedAt absent for a snapshot, which is of any age */
  #take(readings: readonly Reading[], arrivedAt?: number): void {
    if (this.#changed.size === 0) requestAnimationFrame(() => this.#paintChanged());
    for (const reading of readings) {
      const row = this.#rows.get(reading.device);
      if (!row) continue;
      row.take(reading);
      if (arrivedAt !== undefined) row.arrived(arrivedAt);
      this.#changed.add(row);
    }
  }

  #paintChanged(): void {
    const now = Date.now();
    for (const row of this.#changed) row.paint(now);
    this.#changed.clear();
  }

  #paintAll(): void {
    const now = Date.now();
    for (const row of this.#rows.values()) row.paint(now);
  }

  /** One device stands for its type. */
  async #learnUnits(devices: readonly DeviceSummary[]): Promise<void> {
    for (const { device, types } of devices) await this.#units.learn(device, types, Date.now());
  }
}

function noteFor(shown: number, more: boolean, prefix: string): string {
  if (shown === 0) return prefix === '' ? '' : `No device's name begins with “${prefix}”.`;
  return more ? `The first ${shown} devices. Search to see others.` : '';
}
