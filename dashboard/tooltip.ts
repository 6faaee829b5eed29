/** The values under the pointer. */
import type uPlot from 'uplot';
import { element } from './element.js';
import { formatTime, formatValue } from './format.js';
import type { Line } from './line.js';

export class Tooltip {
  readonly #element = element('div', { class: 'tooltip' });

  constructor(host: HTMLElement) {
    this.#element.hidden = true;
    host.append(this.#element);
  }

  show(plot: uPlot, lines: readonly Line[]): void {
    const { idx, left = -1 } = plot.cursor;
    const ts = typeof idx === 'number' ? plot.data[0][idx] : undefined;
    this.#element.hidden = ts === undefined || left < 0;
    if (ts === undefined || left < 0) return;
    const rows = lines.flatMap((line, index) => this.#row(line, valueAtOrBefore(plot, index + 1, idx ?? 0)));
    this.#element.replaceChildren(element('div', { class: 'tooltip-time' }, formatTime(ts, Date.now())), ...rows);
    this.#place(plot, left);
  }

  #row(line: Line, value: number | undefined): HTMLElement[] {
    if (value === undefined) return [];
    const swatch = element('span', { class: `swatch line-${line.colour}` });
    const text = formatValue(line.stepped ? value === 1 : value, line.unit);
    return [element('div', {}, swatch, `${line.label} `, element('b', {}, text))];
  }

  /** Beside the pointer, on the side that has room. */
  #place(plot: uPlot, left: number): void {
    const pointer = plot.bbox.left / devicePixelRatio + left;
    const width = this.#element.offsetWidth;
    const fits = pointer + 14 + width < plot.width;
    this.#element.style.left = `${Math.max(0, fits ? pointer + 14 : pointer - 14 - width)}px`;
  }
}

/** Lines have points of their own; where one has none at this time, its last value before it counts. */
function valueAtOrBefore(plot: uPlot, series: number, index: number): number | undefined {
  const values = plot.data[series] ?? [];
  for (let at = index; at >= 0; at--) {
    const value = values[at];
    if (typeof value === 'number') return value;
  }
  return undefined;
}
