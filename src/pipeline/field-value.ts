/** Values of fields: which kind they are, and whether they fit the kind that the field has. */
import { isLongerThan, limits, type Kind } from '../domain/reading.js';

const smallestInteger = -(2n ** 63n);
const largestInteger = 2n ** 63n - 1n;

/** The kind that a first value gives its field; undefined for what is no value. Codecs give integers as bigints. */
export function kindOf(value: unknown): Kind | undefined {
  switch (typeof value) {
    case 'number':
      return 'float';
    case 'boolean':
      return 'boolean';
    case 'string':
      return 'string';
    case 'bigint':
      return 'integer';
    default:
      return undefined;
  }
}

/** As fields have it: a number while that is exact. */
export function plainInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** @returns what is wrong with `value` as one of `kind`, in words; undefined when nothing is */
export function wrongKind(value: unknown, kind: Kind | undefined): string | undefined {
  switch (kind) {
    case 'float':
      if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'must be finite';
      return 'must be number';
    case 'integer':
      return wrongInteger(value);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be boolean';
    case 'string':
      return typeof value === 'string' ? wrongString(value) : 'must be string';
    default:
      return 'must be a number, a boolean, a string or null';
  }
}

function wrongString(value: string): string | undefined {
  if (isLongerThan(value, limits.stringFieldCharacters)) {
    return `must not have more than ${limits.stringFieldCharacters} characters`;
  }
  // UTF-8 cannot say it: it would come out of the spool as another character than it went in.
  return value.isWellFormed() ? undefined : 'must not have half a surrogate pair';
}

function wrongInteger(value: unknown): string | undefined {
  if (typeof value === 'bigint') {
    return value < smallestInteger || value > largestInteger ? 'must fit in 64 bits' : undefined;
  }
  if (typeof value !== 'number' || !Number.isInteger(value)) return 'must be integer';
  return Number.isSafeInteger(value) ? undefined : 'is beyond 2^53, where JSON numbers lose digits';
}
