/**
 * What the feed has had since a position, to be taken away from rows of a store that cannot tell when they came: it comes live,
 * and would come twice.
 */
import { toNanoseconds } from '../domain/timestamp.js';
import type { Origins } from './origin.js';
import type { PastQuestion, PastRow } from './past-rows.js';

/** Readings of which is kept what they were. */
const maxReadings = 200_000;

export class Since {
  readonly #question: PastQuestion;
  readonly #origins: Origins;
  /** How far it has looked, of each instance. */
  readonly #at: Map<string, number>;
  /** Names of fields by identity: prefix and nanoseconds. */
  readonly #fields = new Map<string, Set<string>>();

  constructor(question: PastQuestion, origins: Origins) {
    this.#question = question;
    this.#origins = origins;
    this.#at = new Map(question.before.positions);
  }

  /** Takes in what came of an instance up to a position. @returns whether there was room for it @throws Away */
  async advance(instance: string, to: number): Promise<boolean> {
    const { filter, since } = this.#question;
    for (let at = this.#at.get(instance) ?? to; at < to;) {
      const readings = await this.#origins.get(instance)?.memory.windowAt(at);
      if (!readings) return true;
      for (const index of readings.matching(filter)) {
        if (readings.position + index < at) continue;
        const { ms, ns, keys, fieldCount } = readings.look(index);
        const ts = toNanoseconds(ms, ns);
        if (ts < since) continue;
        const key = keyOf(readings.seriesOf(index).prefix, ts);
        let fields = this.#fields.get(key);
        if (!fields) this.#fields.set(key, (fields = new Set()));
        for (let field = 0; field < fieldCount; field++) fields.add(keys[field]!);
      }
      at = readings.end;
      this.#at.set(instance, at);
      if (this.#fields.size > maxReadings) return false;
    }
    return true;
  }

  takeAway(rows: PastRow[]): PastRow[] {
    if (this.#fields.size === 0) return rows;
    const left: PastRow[] = [];
    for (const row of rows) {
      const newer = this.#fields.get(keyOf(row.series, row.ts));
      if (!newer) {
        left.push(row);
        continue;
      }
      const cells = row.cells.map((cell, place) => (newer.has(row.names[place]!) ? null : cell));
      if (cells.some((cell) => cell !== null)) left.push({ ...row, cells });
    }
    return left;
  }
}

function keyOf(prefix: string, ts: bigint): string {
  return `${prefix} ${ts}`;
}
