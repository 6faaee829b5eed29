/** What the values of one field in one bucket come to, function by function. */
import type { FieldValue, Kind } from './reading.js';

export const aggregateFunctions = [
  'mean',
  'min',
  'max',
  'count',
  'sum',
  'first',
  'last',
  'p50',
  'p95',
  'p99',
  'stddev',
  'spread',
] as const;
export type AggregateFunction = (typeof aggregateFunctions)[number];

type Numeric = number | bigint;

const percentiles: Partial<Record<AggregateFunction, number>> = { p50: 50, p95: 95, p99: 99 };

/** Strings and booleans can be counted, and have a first and a last; all else is for numbers. */
export function makesSenseFor(fn: AggregateFunction, kind: Kind): boolean {
  if (kind === 'float' || kind === 'integer') return true;
  return fn === 'count' || fn === 'first' || fn === 'last';
}

/** Takes the values of one field in the order of time. It keeps them only where a percentile is asked for. */
export class Accumulator {
  #count = 0;
  #first: FieldValue | null = null;
  #last: FieldValue | null = null;
  #min: Numeric | null = null;
  #max: Numeric | null = null;
  /** Integers are summed apart, exactly: a bigint as soon as the sum is no longer safe. */
  #integerSum: Numeric = 0;
  #floatSum = 0;
  #floats = 0;
  /** Welford's running mean and sum of squared differences: no loss where values are large and close together. */
  #runningMean = 0;
  #squares = 0;
  #numbers = 0;
  readonly #values: Numeric[] | undefined;

  constructor(functions: Iterable<AggregateFunction>) {
    this.#values = [...functions].some((fn) => percentiles[fn] !== undefined) ? [] : undefined;
  }

  add(value: FieldValue, kind: Kind): void {
    if (this.#count++ === 0) this.#first = value;
    this.#last = value;
    if (typeof value === 'number' || typeof value === 'bigint') this.#addNumber(value, kind);
  }

  #addNumber(value: Numeric, kind: Kind): void {
    if (this.#min === null || value < this.#min) this.#min = value;
    if (this.#max === null || value > this.#max) this.#max = value;
    if (kind === 'integer') {
      this.#integerSum = addIntegers(this.#integerSum, value);
    } else {
      this.#floatSum += Number(value);
      this.#floats++;
    }
    const difference = Number(value) - this.#runningMean;
    this.#runningMean += difference / ++this.#numbers;
    this.#squares += difference * (Number(value) - this.#runningMean);
    this.#values?.push(value);
  }

  /** @returns null where there was no value, or none that the function makes sense for */
  result(fn: AggregateFunction): FieldValue | null {
    if (this.#count === 0) return null;
    if (fn === 'count') return this.#count;
    if (fn === 'first') return this.#first;
    if (fn === 'last') return this.#last;
    if (this.#min === null || this.#max === null) return null;
    if (fn === 'min') return this.#min;
    if (fn === 'max') return this.#max;
    if (fn === 'sum') return this.#sum();
    if (fn === 'mean') return Number(this.#sum()) / this.#numbers;
    if (fn === 'stddev') return this.#numbers < 2 ? null : Math.sqrt(this.#squares / (this.#numbers - 1));
    if (fn === 'spread')
      return this.#floats === 0 ? spreadOfIntegers(this.#max, this.#min) : Number(this.#max) - Number(this.#min);
    return this.#percentile(percentiles[fn]!);
  }

  #sum(): Numeric {
    return this.#floats === 0 ? this.#integerSum : this.#floatSum + Number(this.#integerSum);
  }

  #percentile(percent: number): Numeric | null {
    const values = this.#values;
    if (!values) return null;
    values.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return values[percentileRank(values.length, percent) - 1]!;
  }
}

/** The rank, from 1, of the value that is the percentile of `count` values (as InfluxQL has it, at least 1). */
export function percentileRank(count: number, percent: number): number {
  return Math.max(1, Math.floor((count * percent) / 100 + 0.5));
}

function addIntegers(a: Numeric, b: Numeric): Numeric {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return narrow(BigInt(a) + BigInt(b));
}

function spreadOfIntegers(max: Numeric, min: Numeric): Numeric {
  return narrow(BigInt(max) - BigInt(min));
}

/** Integers are numbers while they are safe. */
function narrow(value: bigint): Numeric {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
