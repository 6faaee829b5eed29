/** Patterns of filters: an exact name, or one with `*` for any run of characters (also none). */

/**
 * @returns a test for names. It takes time in proportion to the name, however many stars a stranger puts into the pattern;
 * a regular expression would not.
 */
export function compilePattern(pattern: string): (name: string) => boolean {
  if (!pattern.includes('*')) return (name) => name === pattern;
  const parts = pattern.split(/\*+/);
  const head = parts.shift()!;
  const tail = parts.pop()!;
  return (name) => {
    const end = name.length - tail.length;
    if (end < head.length || !name.startsWith(head) || !name.endsWith(tail)) return false;
    return findInOrder(parts, name, head.length, end);
  };
}

/** Each part at its first place behind the one before: if there is any way to place them all, this is one. */
function findInOrder(parts: readonly string[], name: string, from: number, end: number): boolean {
  let at = from;
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= end;
}

/** @returns a test that is true when any of the patterns matches; no patterns at all match everything */
export function compilePatterns(patterns: readonly string[] | undefined): (name: string) => boolean {
  if (patterns === undefined) return () => true;
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const tests = patterns.filter((pattern) => pattern.includes('*')).map(compilePattern);
  return (name) => exact.has(name) || tests.some((test) => test(name));
}
