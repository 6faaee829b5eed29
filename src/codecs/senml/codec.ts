/** SenML (RFC 8428) in its two forms, JSON and CBOR: the same labels, the same meaning. */
import { isUtf8 } from 'node:buffer';
import type { Batch } from '../../domain/batch.js';
import { Refusal } from '../../domain/refusal.js';
import { ArrivalClock } from '../../domain/timestamp.js';
import type { Clock } from '../../ports/clock.js';
import { withoutMark } from '../byte-order-mark.js';
import type { Codec, Decoding } from '../codec.js';
import { parseCbor } from './cbor.js';
import type { NameRule } from './names.js';
import { Pack } from './pack.js';

export const senmlJsonMediaType = 'application/senml+json';
export const senmlCborMediaType = 'application/senml+cbor';

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
