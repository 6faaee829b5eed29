/** How numbers look on the terminal, and how progress is shown there. */
import type { Latencies } from './latencies.js';
import { Tally } from './tally.js';

export function count(value: number): string {
  return value.toLocaleString('en-GB');
}

export function milliseconds(value: number | undefined): string {
  if (value === undefined) return '–';
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return value >= 10 ? `${count(Math.round(value))} ms` : `${value.toFixed(1)} ms`;
}

export function quantiles(latencies: Latencies): string {
  return `p50 ${milliseconds(latencies.quantileMs(0.5))}, p99 ${milliseconds(latencies.quantileMs(0.99))}`;
}

/** Rows as columns: the first `left` of them to the left, all others to the right. */
export function table(rows: string[][], left = 1): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  const pad = (cell: string, at: number): string =>
    at < left ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0);
  return rows.map((row) => `  ${row.map(pad).join('  ')}`.trimEnd()).join('\n');
}

const barWidth = 16;

/** A bar that redraws itself on a terminal; elsewhere a plain line every few seconds. On standard error. */
export class Progress {
  readonly #total: number;
  readonly #tallies: readonly Tally[];
  readonly #terminal = process.stderr;
  #timer: NodeJS.Timeout | undefined;

  constructor(total: number, tallies: readonly Tally[]) {
    this.#total = total;
    this.#tallies = tallies;
  }

  start(): void {
    const everyMs = this.#terminal.isTTY ? 100 : 5000;
    this.#timer = setInterval(() => this.#draw(), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#terminal.isTTY) this.#terminal.write('\r\x1b[K');
  }

  #draw(): void {
    const tally = Tally.total(this.#tallies);
    const fraction = Math.min(1, (tally.sent - tally.open) / this.#total);
    const percent = `${Math.floor(fraction * 100)} %`.padStart(5);
    if (!this.#terminal.isTTY) {
      this.#terminal.write(`${percent}  ${describe(tally)}\n`);
      return;
    }
    const filled = Math.round(barWidth * fraction);
    const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
    // Cut to the width: a line that wraps cannot be drawn over.
    const text = `  ${bar} ${percent}  ${describe(tally)}`.slice(0, (this.#terminal.columns || 80) - 1);
    this.#terminal.write(`\r\x1b[K${text}`);
  }
}

/** What went wrong shows only when it did, so that the line fits a terminal of 80 columns as long as all is well. */
function describe({ sent, acked, rejected, refused, resent, open, latencies, trouble }: Tally): string {
  const parts = [`sent ${count(sent)}`, `acked ${count(acked)}`];
  if (rejected + refused > 0) parts.push(`rejected ${count(rejected + refused)}`);
  if (resent > 0) parts.push(`resent ${count(resent)}`);
  parts.push(quantiles(latencies));
  if (open > 0 && trouble !== undefined) parts.push(`(${printable(trouble)})`);
  return parts.join('  ');
}

/** Text that came over the network, without what could move the cursor. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '�').slice(0, 200);
}
