/**
 * At most N rows of each series, keeping the first, the last, and for each numeric field the lowest and the highest of
 * every bucket of rows (as M4 does for the pixels of a chart: Jugel et al. 2014).
 *
 * Buckets hold equally many rows. Whenever a series has kept more than N, neighbouring buckets are joined: the extremes of the
 * whole are among the extremes of the parts. So a series of up to N rows comes back whole, nothing has to be known
 * beforehand, and the lowest and highest of all are never lost.
 */
import type { ThinnedRow } from '../ports/feed-history.js';
import type { Cell } from '../ports/history-store.js';
import { maxHeldRows, refuseTooMany } from './held-rows.js';

interface Kept<Row extends ThinnedRow> {
  row: Row;
  /** Its place among all rows. */
  place: number;
}

interface Span<Row extends ThinnedRow> {
  /** Rows that it stands for. */
  rows: number;
  kept: Kept<Row>[];
}

/** Rows given out together. */
const chunkRows = 1000;

export async function* extremesOf<Row extends ThinnedRow>(
  chunks: AsyncIterable<Row[]>,
  maxPoints: number,
): AsyncGenerator<Row[]> {
  const thinners = new Map<string, SeriesThinner<Row>>();
  let place = 0;
  let held = 0;
  for await (const rows of chunks) {
    for (const row of rows) {
      let thinner = thinners.get(row.series);
      if (!thinner) thinners.set(row.series, (thinner = new SeriesThinner(maxPoints)));
      held -= thinner.size;
      thinner.add({ row, place: place++ });
      held += thinner.size;
    }
    if (held > maxHeldRows) refuseTooMany(held, 'maxPoints');
  }
  const all = [...thinners.values()].flatMap((thinner) => thinner.kept).sort((a, b) => a.place - b.place);
  for (let at = 0; at < all.length; at += chunkRows) yield all.slice(at, at + chunkRows).map(({ row }) => row);
}

class SeriesThinner<Row extends ThinnedRow> {
  size = 0;
  readonly #maxPoints: number;
  #spans: Span<Row>[] = [];
  #rowsPerSpan = 1;

  constructor(maxPoints: number) {
    this.#maxPoints = maxPoints;
  }

  get kept(): Kept<Row>[] {
    return this.#spans.flatMap((span) => span.kept);
  }

  add(kept: Kept<Row>): void {
    const last = this.#spans.at(-1);
    if (last && last.rows < this.#rowsPerSpan) {
      this.#spans[this.#spans.length - 1] = join(last, { rows: 1, kept: [kept] });
      this.size += this.#spans.at(-1)!.kept.length - last.kept.length;
    } else {
      this.#spans.push({ rows: 1, kept: [kept] });
      this.size++;
    }
    while (this.size > this.#maxPoints) this.#halve();
  }

  #halve(): void {
    if (this.#spans.length === 1) {
      const [span] = this.#spans;
      span!.kept = mostTelling(span!.kept, this.#maxPoints);
    } else {
      const joined: Span<Row>[] = [];
      for (let at = 0; at < this.#spans.length; at += 2) {
        const [left, right] = [this.#spans[at]!, this.#spans[at + 1]];
        joined.push(right ? join(left, right) : left);
      }
      this.#spans = joined;
      this.#rowsPerSpan *= 2;
    }
    this.size = this.#spans.reduce((sum, span) => sum + span.kept.length, 0);
  }
}

function join<Row extends ThinnedRow>(left: Span<Row>, right: Span<Row>): Span<Row> {
  const kept = [...left.kept, ...right.kept];
  const telling = new Set([...extremes(kept), kept[0]!, kept.at(-1)!]);
  return { rows: left.rows + right.rows, kept: kept.filter((one) => telling.has(one)) };
}

/** As many of the extremes as there is room for, field by field; then the last and the first row. */
function mostTelling<Row extends ThinnedRow>(kept: Kept<Row>[], room: number): Kept<Row>[] {
  const telling = new Set([...extremes(kept), kept.at(-1)!, kept[0]!]);
  const chosen = new Set([...telling].slice(0, room));
  return kept.filter((one) => chosen.has(one));
}

/** For each field in turn the row with its lowest and the row with its highest value, of equal ones the first. */
function* extremes<Row extends ThinnedRow>(kept: readonly Kept<Row>[]): Generator<Kept<Row>> {
  const fields = kept[0]!.row.cells.length;
  for (let field = 0; field < fields; field++) {
    let lowest: Kept<Row> | undefined;
    let highest: Kept<Row> | undefined;
    for (const one of kept) {
      const value = one.row.cells[field] ?? null;
      if (!isNumber(value)) continue;
      if (!lowest || value < numberIn(lowest, field)) lowest = one;
      if (!highest || value > numberIn(highest, field)) highest = one;
    }
    if (lowest) yield lowest;
    if (highest) yield highest;
  }
}

function isNumber(value: Cell): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function numberIn({ row }: Kept<ThinnedRow>, field: number): number | bigint {
  return row.cells[field] as number | bigint;
}
