/**
 * The lines of a payload, made text piece by piece: one text of megabytes lives long enough to be moved to old memory, where
 * only a search of all of it finds that it is garbage. A small one is gone with the next.
 */
import { LineReader } from '../../domain/line.js';

const usualBytes = 64 * 1024;
const newline = 10;

export class PayloadLines {
  /** Stands on the line that `next` has read. */
  readonly lines = new LineReader('');
  readonly #payload: Buffer;
  readonly #pieceBytes: number;
  #piece = '';
  /** Where the piece is in the payload. */
  #from = 0;
  #to = 0;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array, pieceBytes = usualBytes) {
    this.#payload = Buffer.from(buffer, byteOffset, byteLength);
    this.#pieceBytes = pieceBytes;
  }

  /** @throws when the payload is not what the writer of lines makes */
  next(): boolean {
    for (;;) {
      try {
        if (this.lines.next()) return true;
        if (this.#to === this.#payload.length) return false;
        this.#take(this.#to, this.#pieceBytes);
      } catch (error) {
        if (this.#to === this.#payload.length) throw error;
        this.#cutElsewhere();
      }
    }
  }

  /** From a line on, up to a newline: mostly that is the end of a line. */
  #take(from: number, atLeast: number): void {
    this.#from = from;
    this.#to = this.#payload.indexOf(newline, from + atLeast - 1) + 1 || this.#payload.length;
    this.#piece = this.#payload.toString('utf8', from, this.#to);
    this.lines.read(this.#piece);
  }

  /** Where a line cannot be read, the piece may have ended with a newline within a string of it. */
  #cutElsewhere(): void {
    const before = Buffer.byteLength(this.#piece.slice(0, this.lines.start));
    const atLeast = before > 0 ? this.#pieceBytes : (this.#to - this.#from) * 2;
    this.#take(this.#from + before, atLeast);
  }
}
