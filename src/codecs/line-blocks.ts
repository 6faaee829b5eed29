/**
 * Cuts a body that comes bit by bit into blocks of whole lines, so that one of any length needs the memory of a block and of
 * the longest line. A line that is longer than it may be is skipped, and `tooLong` stands in its place.
 */
export interface LineBounds {
  maxLineBytes: number;
  /** Of a block. */
  maxLines: number;
}

export const tooLong = Symbol('a line that is too long');

const lineFeed = 10;
const smallestRest = 4096;

/** The lines of a block have their newlines; the last line of the body may have none. */
export async function* lineBlocks(
  chunks: AsyncIterable<Buffer>,
  { maxLineBytes, maxLines }: LineBounds,
): AsyncGenerator<Buffer | typeof tooLong> {
  const rest = new Rest();
  let isSkipping = false;
  for await (const chunk of chunks) {
    let from = 0;
    let lines = 0;
    let at = 0;
    for (let newline = chunk.indexOf(lineFeed); newline >= 0; newline = chunk.indexOf(lineFeed, at)) {
      const isLong = isSkipping || newline - at + (at === 0 ? rest.length : 0) > maxLineBytes;
      if (isLong) {
        if (at === 0) rest.take();
        else if (at > from) yield rest.before(chunk.subarray(from, at));
        yield tooLong;
        isSkipping = false;
        from = newline + 1;
        lines = 0;
      } else if (++lines === maxLines) {
        yield rest.before(chunk.subarray(from, newline + 1));
        from = newline + 1;
        lines = 0;
      }
      at = newline + 1;
    }
    if (at > from) yield rest.before(chunk.subarray(from, at));
    if (isSkipping) continue;
    rest.add(chunk.subarray(at));
    if (rest.length <= maxLineBytes) continue;
    rest.take();
    isSkipping = true;
  }
  if (isSkipping) yield tooLong;
  else if (rest.length > 0) yield rest.take();
}

/** The beginning of a line whose end has not come. Copied, since small pieces of it may each hold a large buffer. */
class Rest {
  #bytes = Buffer.alloc(0);
  length = 0;

  add(piece: Buffer): void {
    const needed = this.length + piece.length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(smallestRest, needed * 2));
      this.#bytes.copy(larger, 0, 0, this.length);
      this.#bytes = larger;
    }
    piece.copy(this.#bytes, this.length);
    this.length = needed;
  }

  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.length);
    this.#bytes = Buffer.alloc(0);
    this.length = 0;
    return bytes;
  }

  /** Itself and what follows. */
  before(bytes: Buffer): Buffer {
    return this.length === 0 ? bytes : Buffer.concat([this.take(), bytes]);
  }
}
