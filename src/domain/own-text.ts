/** V8 lets a shorter piece of a string stand by itself; a longer one keeps the whole text in memory that it was cut from. */
const shortestPiece = 13;

/** The same text, not as a piece of a larger one: for what is remembered. */
export function ownText(text: string): string {
  return text.length < shortestPiece ? text : Buffer.from(text).toString();
}
