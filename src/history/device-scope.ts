/**
 * The devices that a request may see: those it asks for that also lie in its token's patterns. A store takes one list of
 * patterns of which any may match, so the intersection is worked out here: `a*` and `*b` have `a*b` in common, and `ab*`
 * and `*ba` both `ab*ba` and `aba`.
 */
import { compilePattern } from '../domain/pattern.js';
import { maxListed, refuse } from './parameter.js';

/** @returns patterns that match exactly what one of `asked` and one of `allowed` match; undefined stands for all */
export function devicesInScope(
  asked: readonly string[] | undefined,
  allowed: readonly string[] | undefined,
): readonly string[] | undefined {
  if (asked === undefined || allowed === undefined) return asked ?? allowed;
  const common = new Set<string>();
  for (const left of asked) {
    for (const right of allowed) for (const pattern of intersect(left, right)) common.add(pattern);
    if (common.size > maxListed) refuse('devices', 'makes too many patterns together with what you may see');
  }
  return [...common];
}

function intersect(left: string, right: string): Iterable<string> {
  if (!left.includes('*')) return compilePattern(right)(left) ? [left] : [];
  if (!right.includes('*')) return compilePattern(left)(right) ? [right] : [];
  return new PatternPair(left.replace(/\*+/g, '*'), right.replace(/\*+/g, '*')).common(0, 0);
}

/** What the ends of two patterns have in common, from each pair of places; every pair is worked out once. */
class PatternPair {
  readonly #left: string;
  readonly #right: string;
  readonly #known = new Map<number, Set<string>>();

  constructor(left: string, right: string) {
    this.#left = left;
    this.#right = right;
  }

  common(i: number, j: number): Set<string> {
    const key = i * (this.#right.length + 1) + j;
    let patterns = this.#known.get(key);
    if (!patterns) {
      patterns = this.#workOut(i, j);
      if (patterns.size > maxListed) refuse('devices', 'makes too many patterns together with what you may see');
      this.#known.set(key, patterns);
    }
    return patterns;
  }

  #workOut(i: number, j: number): Set<string> {
    const left = this.#left[i];
    const right = this.#right[j];
    if (left === undefined && right === undefined) return new Set(['']);
    if (left === '*' && right === '*') return union(this.#after('*', i + 1, j), this.#after('*', i, j + 1));
    // A star takes the other's next character, or nothing more.
    if (left === '*') return union(this.common(i + 1, j), right === undefined ? [] : this.#after(right, i, j + 1));
    if (right === '*') return union(this.common(i, j + 1), left === undefined ? [] : this.#after(left, i + 1, j));
    return left === right && left !== undefined ? this.#after(left, i + 1, j + 1) : new Set();
  }

  #after(first: string, i: number, j: number): Set<string> {
    const patterns = new Set<string>();
    for (const rest of this.common(i, j)) patterns.add(first === '*' && rest.startsWith('*') ? rest : first + rest);
    return patterns;
  }
}

function union(a: Iterable<string>, b: Iterable<string>): Set<string> {
  const all = new Set(a);
  for (const pattern of b) all.add(pattern);
  return all;
}
