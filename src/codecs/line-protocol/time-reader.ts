/** The time of a point: an integer in the unit of the text, or none. */
import type { Precision } from '../../domain/reading.js';
import { ExactTime } from '../../domain/timestamp.js';
import type { Cursor } from './cursor.js';
import { LineError } from './line-error.js';

const comma = 44;
const minus = 45;
const zero = 48;
const nine = 57;

/** What has more digits is in no unit a time that we take. */
const mostDigits = 20;
const digitsBelowMs: Record<Precision, number> = { s: 0, ms: 0, us: 3, ns: 6 };

/** Unit of the times: `factor` times the precision. */
export interface TimeUnit {
  precision: Precision;
  factor: number;
}

export class TimeReader {
  readonly #cursor: Cursor;
  readonly #digitsBelowMs: number;
  readonly #msFactor: number;

  constructor(cursor: Cursor, { precision, factor }: TimeUnit) {
    this.#cursor = cursor;
    this.#digitsBelowMs = digitsBelowMs[precision];
    this.#msFactor = (precision === 's' ? 1000 : 1) * factor;
  }

  /** The time at the cursor, which stands at the end of the line then; undefined where there is none. @throws LineError */
  read(): ExactTime | undefined {
    const cursor = this.#cursor;
    const { text } = cursor;
    cursor.skipSpaces();
    const from = cursor.at;
    let time: ExactTime | undefined;
    if (!cursor.isLineEnd(from)) {
      let at = text.charCodeAt(from) === minus ? from + 1 : from;
      const first = at;
      while (text.charCodeAt(at) >= zero && text.charCodeAt(at) <= nine) at++;
      const isTime = at > first && at - first <= mostDigits && cursor.isEnd(at) && text.charCodeAt(at) !== comma;
      if (!isTime) throw new LineError(from, 'the time is not an integer');
      time = this.#timeOf(first, at, first > from);
      cursor.at = at;
      cursor.skipSpaces();
    }
    if (!cursor.isLineEnd(cursor.at)) throw new LineError(cursor.at, 'nothing may follow the time');
    return time;
  }

  #timeOf(from: number, to: number, isNegative: boolean): ExactTime {
    const below = Math.max(from, to - this.#digitsBelowMs);
    const ms = this.#digits(from, below) * this.#msFactor;
    const ns = this.#digits(below, to) * 10 ** (6 - this.#digitsBelowMs);
    if (!isNegative) return new ExactTime(ms, below === to ? 0 : ns);
    return below === to || ns === 0 ? new ExactTime(-ms, 0) : new ExactTime(-ms - 1, 1_000_000 - ns);
  }

  #digits(from: number, to: number): number {
    const { text } = this.#cursor;
    let number = 0;
    for (let at = from; at < to; at++) number = number * 10 + (text.charCodeAt(at) - zero);
    return number;
  }
}
