/**
 * Where a line ends that could not be read to its end. A newline within a string belongs to the string, and a string begins
 * with the `"` behind the unescaped `=` of a field. One that never ends is none: of the text behind it nothing is lost but its line.
 *
 * Each look is bounded by the line or moves past what it looked at, so that a text of bad lines costs no more than its length.
 */
export function endOfLine(text: string, start: number): number {
  let from = start;
  let end = newlineFrom(text, start);
  // Before the first space that is not escaped there are no strings.
  let isInFields = false;
  for (;;) {
    const line = text.slice(from, end);
    const space = isInFields ? 0 : firstUnescaped(line, ' ', 0);
    const opening = space < 0 ? -1 : firstUnescaped(line, '="', space);
    if (opening < 0) return end;
    isInFields = true;
    const closing = closingQuote(text, from + opening + 2);
    if (closing < 0) return end;
    from = closing + 1;
    if (closing > end) end = newlineFrom(text, from);
  }
}

/** The `"` that ends the string whose text begins at `from`; -1 where there is none. */
export function closingQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return at;
    if (code !== backslash) continue;
    const next = text.charCodeAt(at + 1);
    if (next === quote || next === backslash) at++;
  }
  return -1;
}

const quote = 34;
const backslash = 92;

function newlineFrom(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline < 0 ? text.length : newline;
}

function firstUnescaped(line: string, mark: string, from: number): number {
  let at = line.indexOf(mark, from);
  while (at > 0 && line.charCodeAt(at - 1) === backslash) at = line.indexOf(mark, at + 1);
  return at;
}
