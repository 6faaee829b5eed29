/** What a case has measured: bench/results/CASE.json. Every figure in bench/RESULTS.md comes from these. */
import { cpus, release, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../src/config/settings.js';
import { spread, type Spread } from './statistics.js';

/** One measurement of one server. */
export interface Run {
  /** Per second. */
  rate: number;
  /** Processor time of the server, all its threads, for a million of them; null where the system does not tell. */
  cpuSecondsPerMillion: number | null;
  /** Share of its time in which the load's thread had something to do. */
  loadBusy: number;
}

export interface Pair {
  ours: Run;
  bare: Run;
}

/** To reach first, and then. */
export type Targets = readonly [first: number, then: number];

/** Ours against the bare server; more is better. */
export interface RatioLine {
  kind: 'ratio';
  name: string;
  /** Of the rates. */
  unit: string;
  targets: Targets;
  pairs: Pair[];
  ours: Spread;
  bare: Spread;
  /** Of the ratios of the pairs. */
  ratio: Spread;
}

/** Ours alone; less is better. */
export interface TimeLine {
  kind: 'time';
  name: string;
  unit: 's';
  targets: Targets;
  runs: number[];
  seconds: Spread;
}

/** Ours alone, in another unit; less is better. */
export interface AmountLine {
  kind: 'amount';
  name: string;
  unit: string;
  /** Null where none is set. */
  targets: Targets | null;
  runs: number[];
  amount: Spread;
}

export type Line = RatioLine | TimeLine | AmountLine;

export interface Result {
  case: string;
  title: string;
  /** What was done, in a few sentences. */
  how: string[];
  command: string;
  at: string;
  /** Pairs, or runs where there is nothing to pair with. */
  pairs: number;
  seconds: number;
  versions: { node: string; inlet: string };
  machine: { cpu: string; cores: number; memoryGiB: number; system: string };
  lines: Line[];
}

export function ratioLine(name: string, unit: string, targets: Targets, pairs: Pair[]): RatioLine {
  return {
    kind: 'ratio',
    name,
    unit,
    targets,
    pairs,
    ours: spread(pairs.map(({ ours }) => ours.rate)),
    bare: spread(pairs.map(({ bare }) => bare.rate)),
    ratio: spread(pairs.map(({ ours, bare }) => ours.rate / bare.rate)),
  };
}

export function timeLine(name: string, targets: Targets, runs: number[]): TimeLine {
  return { kind: 'time', name, unit: 's', targets, runs, seconds: spread(runs) };
}

export function amountLine(name: string, unit: string, targets: Targets | null, runs: number[]): AmountLine {
  return { kind: 'amount', name, unit, targets, runs, amount: spread(runs) };
}

export function versions(): Result['versions'] {
  const { version } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as { version: string };
  return { node: process.version, inlet: version };
}

export function machine(): Result['machine'] {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
  };
}
