/** Where the reading of a text of line protocol stands, and what may end there. */
const newline = 10;
const carriageReturn = 13;
const space = 32;
const comma = 44;

export class Cursor {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Whether a value may end before `at`. */
  isEnd(at: number): boolean {
    const code = this.text.charCodeAt(at);
    return code === comma || code === space || this.isLineEnd(at);
  }

  isLineEnd(at: number): boolean {
    const { text } = this;
    if (at >= text.length) return true;
    const code = text.charCodeAt(at);
    if (code === newline) return true;
    return code === carriageReturn && (at + 1 === text.length || text.charCodeAt(at + 1) === newline);
  }

  skipSpaces(): void {
    while (this.text.charCodeAt(this.at) === space) this.at++;
  }

  /** Where `mark` is next, `known` being where it was when it was last looked for; the length of the text where it is not. */
  next(mark: string, known: number): number {
    if (known >= this.at) return known;
    const found = this.text.indexOf(mark, this.at);
    return found < 0 ? this.text.length : found;
  }
}
