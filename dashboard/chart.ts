/** The chart: lines over time, one scale for each unit, with the values under the pointer beside it. */
import uPlot from 'uplot';
import { formatAxisTime } from './axis-time.js';
import type { Line } from './line.js';
import { Tooltip } from './tooltip.js';

const font = '12px system-ui, sans-serif';
/** Scales of lines that have no unit. */
const noUnit = 'none';
const yesOrNo = 'yes or no';

export class Chart {
  readonly #host: HTMLElement;
  readonly #tooltip: Tooltip;
  #lines: readonly Line[] = [];
  #plot: uPlot | undefined;

  constructor(host: HTMLElement) {
    this.#host = host;
    this.#tooltip = new Tooltip(host);
  }

  start(): void {
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.#host);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.show(this.#lines));
  }

  /** Other lines than before. Call `draw` for new points in the same lines. */
  show(lines: readonly Line[]): void {
    this.#plot?.destroy();
    this.#lines = lines;
    this.#plot = new uPlot(this.#options(), this.#data(), this.#host);
  }

  draw(fromMs: number, toMs: number): void {
    this.#plot?.batch(() => {
      this.#plot?.setData(this.#data(), false);
      this.#plot?.setScale('x', { min: fromMs, max: toMs });
    });
  }

  #data(): uPlot.AlignedData {
    if (this.#lines.length === 0) return [[]];
    return uPlot.join(this.#lines.map(({ points }) => [points.times, points.values]));
  }

  #options(): uPlot.Options {
    const scales = [...new Set(this.#lines.map(scaleOf))];
    return {
      ...this.#size(),
      ms: 1,
      legend: { show: false },
      cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
      hooks: { setCursor: [(plot) => this.#tooltip.show(plot, this.#lines)] },
      scales: Object.fromEntries(scales.map((scale) => [scale, { range: paddedRange }])),
      series: [{}, ...this.#lines.map((line) => this.#series(line))],
      axes: [
        { ...this.#axisLook(this.#colour('--muted')), values: formatAxisTime, space: 70, size: 32 },
        ...scales.slice(0, 2).map((scale, index) => this.#valueAxis(scale, index)),
      ],
    };
  }

  #series(line: Line): uPlot.Series {
    const colour = this.#colour(`--line-${line.colour}`);
    const alone = this.#lines.length === 1;
    return {
      label: line.label,
      scale: scaleOf(line),
      stroke: colour,
      width: 2,
      // A single point is no line yet.
      points: { show: () => line.points.length < 2, size: 6, fill: colour },
      ...(alone && !line.stepped ? { fill: (plot: uPlot) => fade(plot, colour) } : {}),
      ...(line.stepped && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
    };
  }

  /** The first unit reads on the left, the second on the right; more than two only under the pointer. */
  #valueAxis(scale: string, index: number): uPlot.Axis {
    const lines = this.#lines.filter((line) => scaleOf(line) === scale);
    const only = lines.length === 1 && this.#lines.length > 1 ? lines[0] : undefined;
    const look = this.#axisLook(this.#colour(only ? `--line-${only.colour}` : '--muted'));
    return {
      ...look,
      ...(scale === yesOrNo ? { splits: [0, 1], values: ['no', 'yes'] } : {}),
      ...(scale === yesOrNo || scale === noUnit ? {} : { label: scale, labelSize: 18, labelGap: 2, labelFont: font }),
      scale,
      side: index === 0 ? 3 : 1,
      size: widthOfLabels,
      grid: { ...look.grid, show: index === 0 },
    };
  }

  #axisLook(stroke: string): uPlot.Axis {
    return { stroke, font, grid: { stroke: this.#colour('--grid'), width: 1 }, ticks: { show: false } };
  }

  #size(): { width: number; height: number } {
    return { width: this.#host.clientWidth, height: this.#host.clientHeight };
  }

  #colour(variable: string): string {
    return getComputedStyle(this.#host).getPropertyValue(variable);
  }
}

function scaleOf({ unit, stepped }: Line): string {
  return unit ?? (stepped ? yesOrNo : noUnit);
}

function widthOfLabels(_: uPlot, labels: string[] | null): number {
  return 16 + 7 * Math.max(0, ...(labels ?? []).map(({ length }) => length));
}

/** Room above and below, also for a line that never changes. */
function paddedRange(_: uPlot, min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, 1];
  const room = max > min ? (max - min) * 0.12 : Math.max(Math.abs(max) * 0.05, 0.5);
  return [min - room, max + room];
}

/** From the line's colour to nothing. */
function fade(plot: uPlot, colour: string): CanvasGradient {
  const { top, height } = plot.bbox;
  const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height);
  gradient.addColorStop(0, `${colour}38`);
  gradient.addColorStop(1, `${colour}00`);
  return gradient;
}
