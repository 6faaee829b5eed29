/** V8 lets a shorter piece of a string stand by itself; a longer one would keep the whole text in memory. */
const shortestPiece = 13;

/** The same text, not as a piece of a larger one. */
export function ownText(text: string): string {
  return text.length < shortestPiece ? text : Buffer.from(text).toString();
}
