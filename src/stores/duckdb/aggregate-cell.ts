import { type AggregateFunction, makesSenseFor } from '../../domain/accumulator.js';
import type { Kind } from '../../domain/reading.js';

/**
 * The aggregate of a column of one kind, null where it has no value; null too for a function that makes no sense for the
 * kind (domain/accumulator.ts says what each means). `isBySeries` says that a group is one series, where no two readings have
 * the same time; else series of one time count in the order of their prefixes.
 */
export function aggregateCell(fn: AggregateFunction, column: string, kind: Kind, isBySeries: boolean): string {
  if (fn === 'count') return `nullif(count(${column}), 0)`;
  if (fn === 'first') return isBySeries ? `arg_min(${column}, ts)` : `arg_min(${column}, row(ts, rank))`;
  if (fn === 'last') return isBySeries ? `arg_max(${column}, ts)` : `arg_max(${column}, row(ts, rank))`;
  if (!makesSenseFor(fn, kind)) return 'NULL';
  switch (fn) {
    case 'mean':
      return `avg(${column})`;
    case 'min':
    case 'max':
    case 'sum':
      return `${fn}(${column})`;
    case 'p50':
    case 'p95':
    case 'p99':
      return percentile(column, Number(fn.slice(1)));
    case 'stddev':
      return deviation(column, kind);
    default:
      // spread.
      // Two 64-bit integers may be further apart than a 64-bit integer says.
      return kind === 'integer' ? `max(${column})::HUGEINT - min(${column})` : `max(${column}) - min(${column})`;
  }
}

/** The value of rank floor(n * p / 100 + 0.5), at least 1; DuckDB's own quantiles use other ranks. */
function percentile(column: string, percent: number): string {
  const sorted = `list_sort(list(${column}) FILTER (${column} IS NOT NULL))`;
  return `${sorted}[greatest(1, (count(${column}) * ${percent} * 2 + 100) // 200)]`;
}

/**
 * DuckDB fails the whole statement when a square goes beyond a double. So where there are values as large as that, all
 * are brought down by a power of two, which is exact, and the result up again.
 */
function deviation(column: string, kind: Kind): string {
  if (kind === 'integer') return `stddev_samp(${column})`;
  const large = '1e150';
  const scale = `${2 ** 600}`;
  return `CASE WHEN max(abs(${column})) < ${large}
    THEN stddev_samp(${column}) FILTER (abs(${column}) < ${large})
    ELSE stddev_samp(${column} / ${scale}) * ${scale} END`;
}
