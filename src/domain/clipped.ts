/** A text of at most so many characters: what is said back of what was sent must not be as long as that. */
export function clipped(text: string, maxCharacters: number): string {
  return text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters - 1)}…`;
}
