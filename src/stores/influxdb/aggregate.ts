/**
 * Aggregates by InfluxQL. It answers group by group, each with all its buckets, and history wants bucket by bucket: so it
 * is asked for some buckets at a time, which are held and turned. How many depends on how many groups the buckets before had.
 */
import { encodePrefix } from '../../domain/line.js';
import { isKey, type Kind } from '../../domain/reading.js';
import type { AggregateQuery, AggregateRow, Cell } from '../../ports/history-store.js';
import { joinParts, kindOfCall, mayHaveOverflowed, type Parts, resultOf } from './aggregate-call.js';
import { aggregateStatement, type AggregatePlan, type TypePlan } from './aggregate-plan.js';
import { TooManyFiles } from './file-limit.js';
import { bucketIn, type Segment, segmentsFrom } from './buckets.js';
import { NotInJson, type QuerySeries } from './query.js';
import type { Select } from './scan.js';
import { cellOf, tagsOf, timeOf } from './series-row.js';
import type { KeysOfType, TagKeys } from './tag-keys.js';

export interface AggregateSource {
  select: Select;
  tagKeys: TagKeys;
  /** The same by looking at every row. */
  plainly(query: AggregateQuery): AsyncIterable<AggregateRow[]>;
}

const firstBuckets = 1000;
/** Statements of one request, for each type. */
const maxSegments = 100;
/** Rows held at most, as long as they are of more than one bucket. */
const maxHeldRows = 100_000;
const wantedRows = 20_000;
/** Rows given out together. */
const chunkRows = 1000;

export async function* aggregateByCalls(
  source: AggregateSource,
  query: AggregateQuery,
  plan: AggregatePlan,
): AsyncGenerator<AggregateRow[]> {
  if (plan.types.length === 0) return;
  const types = plan.types.map(({ type }) => type);
  const namesKeys = query.group.tags === 'all' && !query.group.device;
  const end = query.edges.length - 1;
  let size = firstBuckets;
  for (let first = 0; first < end;) {
    const segments = segmentsFrom(query.edges, first, { buckets: size, segments: maxSegments });
    const next = nextBucket(query.edges, segments);
    const keysOfType = namesKeys ? await source.tagKeys.of(types) : undefined;
    const held = new HeldBuckets(query, plan, segments);
    const outcome = await held.fill(source.select(statements(query, plan, segments, keysOfType)), next - first);
    if (outcome === 'too many') {
      size = Math.max(1, (next - first) >> 3);
      continue;
    }
    if (keysOfType && !(await source.tagKeys.areAll(keysOfType))) continue;
    if (outcome === 'inexact') yield* shifted(source.plainly(partOf(query, first, next)), first);
    else yield* held.rows(first, next);
    size = Math.max(1, Math.floor(wantedRows / Math.max(1, held.mostGroups)));
    first = next;
  }
}

function statements(
  query: AggregateQuery,
  plan: AggregatePlan,
  segments: readonly Segment[],
  keysOfType: KeysOfType | undefined,
): string {
  const { tags } = query.group;
  return plan.types
    .flatMap((type) => {
      const everyTag = keysOfType ? (keysOfType.get(type.type) ?? []).filter((key) => key !== 'device') : '*';
      const keys = tags === 'all' ? everyTag : tags.filter(isKey);
      return segments.map((segment) => aggregateStatement(type, segment, query, keys));
    })
    .join('; ');
}

function nextBucket(edges: readonly bigint[], segments: readonly Segment[]): number {
  return edges.indexOf(segments.at(-1)!.to, segments.at(-1)!.firstBucket + 1);
}

function partOf(query: AggregateQuery, first: number, next: number): AggregateQuery {
  return { ...query, edges: query.edges.slice(first, next + 1) };
}

async function* shifted(chunks: AsyncIterable<AggregateRow[]>, by: number): AsyncGenerator<AggregateRow[]> {
  for await (const rows of chunks) yield rows.map((row) => ({ ...row, bucket: row.bucket + by }));
}

/**
 * The answer for some buckets, turned from groups to buckets. Where types are joined, a row has its type until then, and the
 * answers to the calls in its cells.
 */
class HeldBuckets {
  readonly #query: AggregateQuery;
  readonly #plan: AggregatePlan;
  readonly #segments: readonly Segment[];
  readonly #buckets = new Map<number, AggregateRow[]>();

  constructor(query: AggregateQuery, plan: AggregatePlan, segments: readonly Segment[]) {
    this.#query = query;
    this.#plan = plan;
    this.#segments = segments;
  }

  get mostGroups(): number {
    let most = 0;
    for (const { length } of this.#buckets.values()) most = Math.max(most, length);
    return most;
  }

  /** `inexact`: InfluxDB's arithmetic does not reach that far. `too many`: these were too many buckets at once. */
  async fill(answers: AsyncIterable<QuerySeries[]>, buckets: number): Promise<'complete' | 'inexact' | 'too many'> {
    let rows = 0;
    try {
      for await (const some of answers) {
        for (const series of some) {
          rows += series.values.length;
          if (!this.#take(series)) return 'inexact';
        }
        if (buckets > 1 && rows > maxHeldRows) return 'too many';
      }
      return 'complete';
    } catch (error) {
      if (error instanceof NotInJson) return 'inexact';
      // One bucket that is too much is made of its rows, which can be asked for in parts.
      if (error instanceof TooManyFiles) return buckets > 1 ? 'too many' : 'inexact';
      throw error;
    }
  }

  *rows(first: number, next: number): Generator<AggregateRow[]> {
    let rows: AggregateRow[] = [];
    for (let bucket = first; bucket < next; bucket++) {
      const held = this.#buckets.get(bucket) ?? [];
      if (this.#plan.isJoined) rows.push(...this.#joinTypes(held, bucket));
      else for (const row of held) rows.push(row);
      if (rows.length < chunkRows) continue;
      yield rows;
      rows = [];
    }
    if (rows.length > 0) yield rows;
  }

  /** @returns false when a sum may be wrong */
  #take({ name, tags: grouped = {}, values }: QuerySeries): boolean {
    const { isJoined } = this.#plan;
    const plan = this.#planOf(name);
    if (!plan) return true;
    const { device = null, ...others } = grouped;
    const tags = tagsOf(Object.keys(others), Object.values(others));
    const type = isJoined || this.#query.group.type ? name : null;
    const kinds = plan.calls.map(({ call, kind }) => kindOfCall(call, kind));
    const sumsIntegers = plan.calls.some(({ call, kind }) => call === 'sum' && kind === 'integer');
    for (const value of values) {
      const answers = cellsOf(value, kinds);
      if (!answers) continue;
      if (sumsIntegers && hasOverflow(plan, answers)) return false;
      const bucket = bucketIn(this.#segments, timeOf(value[0]));
      // Property by property: spreading an object here cost more than all else that is done with a row.
      const row = { bucket, device, type, tags, cells: isJoined ? answers : this.#results(plan, answers) };
      const others = this.#buckets.get(bucket);
      if (others) others.push(row);
      else this.#buckets.set(bucket, [row]);
    }
    return true;
  }

  #planOf(type: string | null): TypePlan | undefined {
    return this.#plan.types.find((plan) => plan.type === type);
  }

  #results(plan: TypePlan, answers: Cell[]): Cell[] {
    if (plan.isAnswered) return answers;
    return this.#query.cells.map(({ field, fn }, index) => {
      const place = plan.places[index]!;
      if (place >= 0) return answers[place]!;
      const kind = plan.kinds.get(field);
      return kind === undefined ? null : resultOf(fn, partsOf(plan, answers, field), kind);
    });
  }

  /** Makes one row of those that several types have for a group. */
  #joinTypes(rows: readonly AggregateRow[], bucket: number): AggregateRow[] {
    const groups = new Map<string, AggregateRow[]>();
    for (const row of rows) {
      const key = encodePrefix('', row.device ?? '', row.tags);
      const group = groups.get(key);
      if (group) group.push(row);
      else groups.set(key, [row]);
    }
    return [...groups.values()].map((group) => {
      const answers = group.map(({ type, cells }) => ({ plan: this.#planOf(type)!, cells }));
      const { device, tags } = group[0]!;
      return { bucket, device, type: null, tags, cells: this.#query.cells.map((cell) => joinedResult(cell, answers)) };
    });
  }
}

function joinedResult(
  { field, fn }: AggregateQuery['cells'][number],
  answers: readonly { plan: TypePlan; cells: Cell[] }[],
): Cell {
  const having = answers.filter(({ plan }) => plan.kinds.has(field));
  const kind = having[0]?.plan.kinds.get(field);
  if (kind === undefined) return null;
  const parts = having.map(({ plan, cells }) => partsOf(plan, cells, field));
  return resultOf(
    fn,
    parts.reduce((a, b) => joinParts(a, b, kind)),
    kind,
  );
}

/** @returns undefined where all are null */
function cellsOf(row: QuerySeries['values'][number], kinds: readonly Kind[]): Cell[] | undefined {
  const cells: Cell[] = [];
  let hasValue = false;
  for (let index = 0; index < kinds.length; index++) {
    const cell = cellOf(row[index + 1], kinds[index]!);
    if (cell !== null) hasValue = true;
    cells.push(cell);
  }
  return hasValue ? cells : undefined;
}

function hasOverflow(plan: TypePlan, cells: readonly Cell[]): boolean {
  return plan.calls.some(
    ({ field, kind, call }) => call === 'sum' && kind === 'integer' && mayHaveOverflowed(partsOf(plan, cells, field)),
  );
}

/** What the calls on one field gave; empty where it has no value. */
function partsOf({ calls }: TypePlan, cells: readonly Cell[], field: string): Parts {
  const parts: Parts = {};
  calls.forEach((call, index) => {
    if (call.field === field && cells[index] !== null) parts[call.call] = cells[index]!;
  });
  return parts;
}
