/** The picked device: its newest values, and its live chart. */
import type { FeedClient, Subscription } from '../src/client/index.js';
import type { Reading } from '../src/domain/reading.js';
import { byId, setText } from './element.js';
import { FieldTiles, isDrawable } from './field-tiles.js';
import { LiveChart } from './live-chart.js';
import { Newest, type NewestField } from './newest.js';
import { describeDevice, latestOf, RequestRefused, troubleOf } from './server.js';
import type { Units } from './units.js';

export class DevicePage {
  readonly #section = byId('device');
  readonly #name = byId('device-name');
  readonly #state = byId('device-state');
  readonly #feed: FeedClient;
  readonly #units: Units;
  readonly #onTrouble: (message: string | null) => void;
  readonly #tiles: FieldTiles;
  readonly #chart: LiveChart;
  #newest = new Newest();
  #subscription: Subscription | undefined;
  #device: string | undefined;
  #paintAsked = false;
  /** Whether the last question to the API failed; the next reading is a reason to ask again. */
  #fillFailed = false;

  constructor(feed: FeedClient, units: Units, onTrouble: (message: string | null) => void) {
    this.#feed = feed;
    this.#units = units;
    this.#onTrouble = onTrouble;
    this.#chart = new LiveChart(units, onTrouble);
    this.#tiles = new FieldTiles(units, (field) => this.#press(field));
  }

  start(): void {
    this.#chart.start();
    setInterval(() => this.#paint(), 1000);
  }

  /** Shows this device, or none. */
  async open(device: string | undefined): Promise<void> {
    if (device === this.#device) return;
    this.#device = device;
    this.#section.hidden = device === undefined;
    this.#subscription?.close();
    this.#newest = new Newest();
    this.#tiles.clear();
    this.#chart.open(device);
    this.#onTrouble(null);
    if (device === undefined) return;
    setText(this.#name, device);
    setText(this.#state, '');
    this.#subscription = this.#feed.subscribe(
      { devices: [device] },
      { onReadings: (readings) => this.#take(readings), onGap: () => void this.#fill(device) },
    );
    await this.#fill(device);
  }

  /** What the live feed does not bring: values and points from before. */
  async #fill(device: string): Promise<void> {
    this.#fillFailed = false;
    try {
      const [latest, { types }] = await Promise.all([latestOf(device), describeDevice(device)]);
      await this.#units.learn(
        device,
        types.map(({ type }) => type),
        Date.now(),
      );
      if (device !== this.#device) return;
      for (const { type, tags, fields } of latest) {
        for (const [field, { value, ts }] of Object.entries(fields)) {
          this.#newest.takeField({ type, tags, field, value, ts });
        }
      }
      setText(this.#state, types.map(({ type }) => type).join(', '));
      this.#chart.noteTime(this.#newest.ts);
      this.#drawSomething();
      this.#paint();
      await this.#chart.load();
    } catch (error) {
      if (device !== this.#device) return;
      this.#fillFailed = true;
      this.#onTrouble(troubleWith(device, error));
    }
  }

  #take(readings: readonly Reading[]): void {
    for (const reading of readings) {
      this.#newest.take(reading);
      this.#chart.take(reading);
    }
    this.#paintSoon();
    if (this.#fillFailed && this.#device !== undefined) void this.#fill(this.#device);
  }

  #press(field: NewestField): void {
    this.#chart.toggle(field);
    this.#paint();
  }

  /** A chart without a line explains nothing: begin with the first number. */
  #drawSomething(): void {
    if (this.#chart.colours.size > 0) return;
    const drawable = this.#newest.fields.filter(isDrawable);
    const first = drawable.find(({ value }) => typeof value === 'number') ?? drawable[0];
    if (first) this.#chart.toggle(first);
  }

  #paintSoon(): void {
    if (this.#paintAsked) return;
    this.#paintAsked = true;
    requestAnimationFrame(() => {
      this.#paintAsked = false;
      this.#drawSomething();
      this.#paint();
      this.#chart.draw();
    });
  }

  #paint(): void {
    byId('chart-card').hidden = this.#newest.fields.length === 0;
    if (this.#device !== undefined) this.#tiles.paint(this.#newest.fields, this.#chart.colours, Date.now());
  }
}

function troubleWith(device: string, error: unknown): string | null {
  if (error instanceof RequestRefused && error.status === 404) return `There is no device ${device}.`;
  return troubleOf(error);
}
