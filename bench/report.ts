/** Figures as people read them, on the terminal. */
import { count, table } from '../simulators/terminal.js';
import type { AmountLine, Line, Pair, Result, Run } from './result.js';

export function describePair({ ours, bare }: Pair, unit: string): string {
  return `ours ${describeRun(ours)}, bare ${describeRun(bare)} ${unit}, ratio ${(ours.rate / bare.rate).toFixed(2)}`;
}

function describeRun({ rate, cpuSecondsPerMillion, loadBusy }: Run): string {
  const cpu = cpuSecondsPerMillion === null ? '' : `${cpuSecondsPerMillion.toFixed(1)} CPU s per million, `;
  return `${count(Math.round(rate))} (${cpu}load ${Math.round(loadBusy * 100)} %)`;
}

export function describeResult(result: Result): string {
  const { title, command, versions, machine, lines } = result;
  return [
    title,
    `  ${command}`,
    `  node ${versions.node}, inlet ${versions.inlet}, ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB`,
    table([columns, ...lines.map(cells)]),
  ].join('\n');
}

export const columns = ['', 'ours', 'bare', 'ratio', 'min to max', 'to reach', 'then', ''];

/** One row below the columns. */
export function cells(line: Line): string[] {
  if (line.kind === 'amount') return amountCells(line);
  const [first, then] = line.targets;
  if (line.kind === 'time') {
    const { median, min, max } = line.seconds;
    const range = `${min.toFixed(2)} to ${max.toFixed(2)} s`;
    const verdict = reached(median <= first, median <= then);
    return [line.name, `${median.toFixed(2)} s`, '', '', range, `<= ${first} s`, `<= ${then} s`, verdict];
  }
  const { median, min, max } = line.ratio;
  return [
    line.name,
    `${count(Math.round(line.ours.median))} ${line.unit}`,
    `${count(Math.round(line.bare.median))} ${line.unit}`,
    median.toFixed(2),
    `${min.toFixed(2)} to ${max.toFixed(2)}`,
    `>= ${first.toFixed(2)}`,
    `>= ${then.toFixed(2)}`,
    reached(median >= first, median >= then),
  ];
}

function amountCells({ name, unit, targets, amount: { median, min, max } }: AmountLine): string[] {
  const row = [name, `${short(median)} ${unit}`, '', '', `${short(min)} to ${short(max)} ${unit}`];
  if (targets === null) return [...row, '', '', ''];
  const [first, then] = targets;
  return [...row, `<= ${first} ${unit}`, `<= ${then} ${unit}`, reached(median <= first, median <= then)];
}

function short(value: number): string {
  return Number.isInteger(value) ? count(value) : value.toFixed(value < 10 ? 2 : 1);
}

function reached(first: boolean, then: boolean): string {
  return then ? 'both reached' : first ? 'reached' : 'not yet';
}
