/**
 * Knows every reading that was tried and every one that was acknowledged, and judges what the store gives back. A reading
 * is its serial number: that gives its device, its time and, with the version, its values. A correction is the same
 * reading with the next version, and is made only of what was acknowledged.
 */
import { readPages } from '../../simulators/history.js';
import type { Random } from './random.js';

export const type = 'proof';
const devices = 20;
const firstMs = 1_700_000_000_000;
const pageRows = 20_000;
/** One batch in so many corrects an older one. */
const correctionEvery = 8;
const largestBatch = 20;

interface Entry {
  serial: number;
  version: number;
}

export interface ProofBatch {
  entries: Entry[];
  readings: object[];
}

export interface Judgement {
  /** Acknowledged and not there. */
  lost: number;
  /** There more than once. */
  doubled: number;
  /** There with other values than were acknowledged, or never tried. */
  wrong: number;
  /** The first few, for people. */
  problems: string[];
}

export class Oracle {
  readonly #random: Random;
  /** By serial number: the newest version, 0 for none. */
  readonly #tried: number[] = [];
  readonly #acked: number[] = [];
  /** Corrections under way. */
  readonly #busy = new Set<number>();
  #unchecked = Infinity;
  #batches = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Readings that were acknowledged, each once however often it was corrected. */
  get ackedReadings(): number {
    return this.#acked.reduce((sum, version) => sum + (version > 0 ? 1 : 0), 0);
  }

  /** New readings, or a correction of acknowledged ones. They count as tried from here on. */
  nextBatch(): ProofBatch {
    const size = 1 + this.#random.below(largestBatch);
    const isCorrection = ++this.#batches % correctionEvery === 0;
    const corrected = isCorrection ? this.#correctable(size) : [];
    const serials = corrected.length > 0 ? corrected : Array.from({ length: size }, (_, k) => this.#tried.length + k);
    const entries = serials.map((serial) => ({ serial, version: (this.#tried[serial] ?? 0) + 1 }));
    for (const { serial, version } of entries) this.#tried[serial] = version;
    for (const serial of corrected) this.#busy.add(serial);
    return { entries, readings: entries.map(readingOf) };
  }

  #correctable(size: number): number[] {
    const from = this.#random.below(Math.max(1, this.#tried.length));
    const found: number[] = [];
    for (let serial = from; serial < this.#tried.length && found.length < size; serial++) {
      if (this.#acked[serial] === this.#tried[serial] && !this.#busy.has(serial)) found.push(serial);
    }
    return found;
  }

  acked({ entries }: ProofBatch): void {
    for (const { serial, version } of entries) {
      this.#acked[serial] = Math.max(this.#acked[serial] ?? 0, version);
      this.#busy.delete(serial);
      this.#unchecked = Math.min(this.#unchecked, serial);
    }
  }

  /** Asks for what was acknowledged since the last time. */
  async checkNew(url: string): Promise<Judgement> {
    const from = this.#unchecked;
    this.#unchecked = Infinity;
    return from === Infinity ? { lost: 0, doubled: 0, wrong: 0, problems: [] } : this.#check(url, from);
  }

  async checkAll(url: string): Promise<Judgement & { rows: number }> {
    return this.#check(url, 0);
  }

  async #check(url: string, fromSerial: number): Promise<Judgement & { rows: number }> {
    const found = new Map<number, number>();
    const judgement = { lost: 0, doubled: 0, wrong: 0, problems: [] as string[], rows: 0 };
    const say = (what: 'lost' | 'doubled' | 'wrong', text: string) => {
      judgement[what]++;
      if (judgement.problems.length < 5) judgement.problems.push(`${what}: ${text}`);
    };
    const range = { types: type, from: `${firstMs + fromSerial}`, to: `${firstMs + this.#tried.length + 1}` };
    for await (const { columns, rows } of readPages(url, { ...range, limit: `${pageRows}` })) {
      for (const cells of rows) {
        const row = Object.fromEntries(columns.map((column, at) => [column, cells[at]]));
        const serial = Number(row['ts']) - firstMs;
        judgement.rows++;
        if (found.has(serial)) say('doubled', `reading ${serial}`);
        found.set(serial, Number(row['version']));
        const problem = this.#problemWith(serial, row);
        if (problem !== undefined) say('wrong', `reading ${serial} ${problem}`);
      }
    }
    for (let serial = fromSerial; serial < this.#acked.length; serial++) {
      if ((this.#acked[serial] ?? 0) > 0 && !found.has(serial)) say('lost', `reading ${serial}`);
    }
    return judgement;
  }

  #problemWith(serial: number, row: Record<string, unknown>): string | undefined {
    const version = Number(row['version']);
    const acked = this.#acked[serial] ?? 0;
    const tried = this.#tried[serial] ?? 0;
    if (!(version >= Math.max(1, acked) && version <= tried))
      return `has version ${version}, acknowledged was ${acked}, tried ${tried}`;
    const expected = fieldsOf({ serial, version });
    if (row['device'] !== deviceOf(serial)) return `is of ${String(row['device'])}`;
    const other = Object.entries(expected).find(([name, value]) => row[name] !== value);
    return other ? `has ${other[0]} ${String(row[other[0]])}, not ${other[1]}` : undefined;
  }
}

function deviceOf(serial: number): string {
  return `d-${serial % devices}`;
}

function fieldsOf({ serial, version }: Entry): Record<string, number | string> {
  return { serial, version, value: serial * 0.5 + version, note: `${'n'.repeat(serial % 60)}-${serial}-${version}` };
}

function readingOf(entry: Entry): object {
  return { device: deviceOf(entry.serial), type, ts: firstMs + entry.serial, fields: fieldsOf(entry) };
}

/** The reading that a normalized line is, for those who walk the spool. */
export function serialOfLine(line: string): number | undefined {
  if (!line.startsWith(`${type},`)) return undefined;
  return Number(BigInt(line.slice(line.lastIndexOf(' ') + 1)) / 1_000_000n) - firstMs;
}
