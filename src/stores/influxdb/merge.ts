/** Joins ordered streams of rows into one. */
import type { ScanRow } from '../../ports/history-store.js';

/** Rows that are given out together. */
const chunkRows = 1000;

export async function* mergeRows(
  streams: AsyncIterable<ScanRow[]>[],
  compare: (a: ScanRow, b: ScanRow) => number,
): AsyncGenerator<ScanRow[]> {
  if (streams.length === 1) {
    yield* streams[0]!;
    return;
  }
  const heads = streams.map((stream) => new Head(stream));
  try {
    for (const head of heads) await head.load();
    let chunk: ScanRow[] = [];
    for (let first = firstOf(heads, compare); first; first = firstOf(heads, compare)) {
      chunk.push(first.row!);
      if (chunk.length === chunkRows) {
        yield chunk;
        chunk = [];
      }
      if (!first.step()) await first.load();
    }
    if (chunk.length > 0) yield chunk;
  } finally {
    for (const head of heads) await head.close();
  }
}

/** Types are few: looking at each head is cheaper than keeping a heap. */
function firstOf(heads: readonly Head[], compare: (a: ScanRow, b: ScanRow) => number): Head | undefined {
  let first: Head | undefined;
  for (const head of heads) {
    if (head.row && (!first?.row || compare(head.row, first.row) < 0)) first = head;
  }
  return first;
}

class Head {
  row: ScanRow | undefined;
  #rows: ScanRow[] = [];
  #at = 0;
  readonly #chunks: AsyncIterator<ScanRow[]>;

  constructor(stream: AsyncIterable<ScanRow[]>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** To the next row that is here already. @returns false when the next chunk has to be loaded */
  step(): boolean {
    this.row = this.#rows[++this.#at];
    return this.row !== undefined;
  }

  async load(): Promise<void> {
    do {
      const next = await this.#chunks.next();
      if (next.done) {
        this.row = undefined;
        return;
      }
      this.#rows = next.value;
      this.#at = 0;
      this.row = this.#rows[0];
    } while (!this.row);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
