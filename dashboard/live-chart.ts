/**
 * The chart of the picked device: history for the time shown, then live readings as they come. Both may bring the same
 * reading; a point taken twice is one point. After a gap in the feed, history is asked again.
 */
import type { Reading } from '../src/domain/reading.js';
import { Chart } from './chart.js';
import { byId, element, setText } from './element.js';
import { formatTime, type Value } from './format.js';
import { seriesRows } from './history-rows.js';
import { lineColours, type Line } from './line.js';
import { lineKey, type NewestField } from './newest.js';
import { Points } from './points.js';
import { historyOf, troubleOf } from './server.js';
import { seriesLabels } from './series-labels.js';
import type { Units } from './units.js';

const spans = [
  { label: '5 min', ms: 5 * 60_000 },
  { label: '15 min', ms: 15 * 60_000 },
  { label: '1 h', ms: 3_600_000 },
  { label: '6 h', ms: 6 * 3_600_000 },
  { label: '24 h', ms: 24 * 3_600_000 },
];
const historyPoints = 1000;
/** A line that has grown longer than this is asked of history again, thinned. */
const maxLinePoints = 6000;

export class LiveChart {
  readonly #chart = new Chart(byId('chart'));
  readonly #note = byId('chart-note');
  readonly #buttons: HTMLButtonElement[];
  readonly #units: Units;
  readonly #onTrouble: (message: string | null) => void;
  #spanMs = spans[1]?.ms ?? 0;
  #device: string | undefined;
  /** All of the device's lines, shown or not, so that choosing one costs no request. */
  #points = new Map<string, Points>();
  #chosen = new Map<string, NewestField>();
  readonly colours = new Map<string, number>();
  #newestTs = -Infinity;
  #loading = false;

  constructor(units: Units, onTrouble: (message: string | null) => void) {
    this.#units = units;
    this.#onTrouble = onTrouble;
    this.#buttons = spans.map(({ label, ms }) => {
      const button = element('button', { type: 'button' }, label);
      button.addEventListener('click', () => this.#showSpan(ms));
      return button;
    });
  }

  start(): void {
    this.#chart.start();
    byId('spans').replaceChildren(...this.#buttons);
    this.#markSpan();
    setInterval(() => this.draw(), 500);
  }

  open(device: string | undefined): void {
    this.#device = device;
    this.#points = new Map();
    this.#chosen = new Map();
    this.colours.clear();
    this.#newestTs = -Infinity;
    this.#chart.show([]);
  }

  /** Puts a field into the chart, or takes it out. */
  toggle(field: NewestField): void {
    const key = lineKey(field);
    if (this.#chosen.delete(key)) this.colours.delete(key);
    else {
      const colour = this.#freeColour();
      if (colour === undefined) return;
      this.#chosen.set(key, field);
      this.colours.set(key, colour);
    }
    this.#showLines();
  }

  /** A time that the device has readings of; where the newest is long ago, the chart ends there. */
  noteTime(ts: number): void {
    this.#newestTs = Math.max(this.#newestTs, ts);
  }

  take({ type, tags, ts, fields }: Pick<Reading, 'type' | 'tags' | 'ts' | 'fields'>): void {
    this.noteTime(ts);
    for (const [field, value] of Object.entries(fields)) this.#takeValue({ type, tags, field, ts, value });
  }

  /** Asks history for the time shown. */
  async load(): Promise<void> {
    const device = this.#device;
    if (device === undefined || this.#loading) return;
    this.#loading = true;
    try {
      const { from, to } = this.#range();
      const page = await historyOf(device, Math.floor(from), Math.ceil(to) + 1, historyPoints);
      if (device !== this.#device) return;
      for (const row of seriesRows(page)) this.take(row);
      this.#onTrouble(null);
      this.#showLines();
    } catch (error) {
      this.#onTrouble(troubleOf(error));
    } finally {
      this.#loading = false;
      if (device !== this.#device) void this.load();
    }
  }

  draw(): void {
    if (this.#device === undefined || document.hidden) return;
    const { from, to } = this.#range();
    for (const points of this.#points.values()) points.dropBefore(from - this.#spanMs);
    this.#chart.draw(from, to);
    setText(this.#note, this.#noteText(to));
    const tooLong = [...this.#points.values()].some(({ length }) => length > maxLinePoints);
    if (tooLong) this.#reload();
  }

  #reload(): void {
    if (this.#loading) return;
    this.#points = new Map();
    void this.load();
  }

  #showSpan(ms: number): void {
    this.#spanMs = ms;
    this.#markSpan();
    this.#points = new Map();
    void this.load();
  }

  #markSpan(): void {
    for (const [index, button] of this.#buttons.entries()) {
      button.setAttribute('aria-pressed', String(spans[index]?.ms === this.#spanMs));
    }
  }

  #takeValue({ value, ts, ...line }: NewestField): void {
    const number = numberOf(value);
    if (number === undefined) return;
    const key = lineKey(line);
    let points = this.#points.get(key);
    if (!points) this.#points.set(key, (points = new Points()));
    points.take(ts, number);
  }

  #showLines(): void {
    const labelOf = seriesLabels([...this.#chosen.values()]);
    const lines = [...this.#chosen].map(([key, field]): Line => {
      const points = this.#points.get(key) ?? new Points();
      this.#points.set(key, points);
      return {
        label: labelOf(field),
        unit: this.#units.of(field.type, field.field),
        colour: this.colours.get(key) ?? 0,
        stepped: typeof field.value === 'boolean',
        points,
      };
    });
    this.#chart.show(lines);
    this.draw();
  }

  #freeColour(): number | undefined {
    const taken = new Set(this.colours.values());
    return Array.from({ length: lineColours }, (_, colour) => colour).find((colour) => !taken.has(colour));
  }

  /** Ends now; or at the newest reading, where its time is ahead of now or further back than the time shown. */
  #range(): { from: number; to: number } {
    const now = Date.now();
    const isAside = this.#newestTs > now || this.#newestTs < now - this.#spanMs;
    const to = Number.isFinite(this.#newestTs) && isAside ? this.#newestTs : now;
    return { from: to - this.#spanMs, to };
  }

  #noteText(to: number): string {
    const now = Date.now();
    if (this.#chosen.size === 0) return 'Press a field to draw it.';
    return this.#newestTs < now - this.#spanMs ? `Newest reading: ${formatTime(to, now)}` : '';
  }
}

function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'boolean' ? Number(value) : undefined;
}
