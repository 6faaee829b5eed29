/** SenML (RFC 8428) in its two forms, JSON and CBOR: the same labels, the same meaning. */
import { decode, type DecodeOptions } from 'cborg';
import { isUtf8 } from 'node:buffer';
import type { Batch } from '../../domain/batch.js';
import { Refusal } from '../../domain/refusal.js';
import { ArrivalClock } from '../../domain/timestamp.js';
import type { Clock } from '../../ports/clock.js';
import { withoutMark } from '../byte-order-mark.js';
import type { Codec, Decoding } from '../codec.js';
import type { NameRule } from './names.js';
import { Pack } from './pack.js';

export const senmlJsonMediaType = 'application/senml+json';
export const senmlCborMediaType = 'application/senml+cbor';

/** Decimal fractions (RFC 8949 §3.4.4), which §6 of RFC 8428 allows for numbers: `[exponent, mantissa]`. */
const decimalFraction = 4;

export class SenmlCodec implements Codec {
  readonly mediaType: string;
  readonly #parse: (bytes: Buffer) => unknown;
  readonly #arrivals: ArrivalClock;
  readonly #names: NameRule;

  constructor(form: 'json' | 'cbor', clock: Clock, names: NameRule) {
    this.mediaType = form === 'json' ? senmlJsonMediaType : senmlCborMediaType;
    this.#parse = form === 'json' ? parseJson : parseCbor;
    this.#arrivals = new ArrivalClock(() => clock.now());
    this.#names = names;
  }

  decode(bytes: Buffer, decoding: Decoding, maxReadings: number): Batch | Refusal {
    if (bytes.length === 0) return new Refusal('empty_batch', 'there is nothing in it');
    let sent: unknown;
    try {
      sent = this.#parse(bytes);
    } catch (error) {
      return new Refusal('malformed', `the body is not ${this.mediaType}: ${(error as Error).message}`);
    }
    return new Pack(this.#arrivals, this.#names).read(sent, decoding, maxReadings);
  }
}

function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new Error('it is not valid UTF-8');
  return JSON.parse(withoutMark(bytes).toString('utf8'));
}

/** Labels are numbers, which keys of objects could not be. */
const cborOptions: DecodeOptions = {
  useMaps: true,
  tags: { [decimalFraction]: (inner) => numberOfFraction(inner()) },
};

function parseCbor(bytes: Buffer): unknown {
  return decode(bytes, cborOptions);
}

function numberOfFraction(value: unknown): number {
  const [exponent, mantissa] = Array.isArray(value) ? (value as unknown[]) : [];
  const isNumber = (part: unknown) => typeof part === 'bigint' || Number.isInteger(part);
  if (!isNumber(exponent) || !isNumber(mantissa)) throw new Error('a decimal fraction is two integers');
  return Number(`${String(mantissa)}e${String(exponent)}`);
}
