/** The formats that bodies and messages may have, by media type. */
import type { Batch } from '../domain/batch.js';
import { Refusal } from '../domain/refusal.js';
import type { Clock } from '../ports/clock.js';
import type { Codec, Encoding } from './codec.js';
import { jsonCodec } from './json.js';
import { LineProtocolCodec } from './line-protocol/codec.js';
import { ndjsonCodec } from './ndjson.js';
import { SenmlCodec } from './senml/codec.js';
import { usualNames, type NameRule } from './senml/names.js';

export interface CodecOptions {
  clock: Clock;
  /** Line protocol: the first of these tags that a point has names its device. */
  lineDeviceTags: readonly string[];
  /** SenML: what of its names is the device. */
  senmlNames?: NameRule;
}

export class Codecs {
  readonly #codecs: ReadonlyMap<string, Codec>;

  constructor({ clock, lineDeviceTags, senmlNames = usualNames }: CodecOptions) {
    const all = [
      jsonCodec,
      ndjsonCodec,
      new SenmlCodec('json', clock, senmlNames),
      new SenmlCodec('cbor', clock, senmlNames),
      new LineProtocolCodec(lineDeviceTags),
    ];
    this.#codecs = new Map(all.map((codec) => [codec.mediaType, codec]));
  }

  get mediaTypes(): string[] {
    return [...this.#codecs.keys()];
  }

  /** Bytes to a batch, or why they are none. @param maxReadings see `Codec` */
  decode(bytes: Buffer, encoding: Encoding, maxReadings: number): Batch | Refusal {
    const codec = this.find(encoding.mediaType);
    if (!codec) {
      return new Refusal('unsupported_media_type', `the media type is none of ${this.mediaTypes.join(', ')}`);
    }
    return codec.decode(bytes, encoding, maxReadings);
  }

  /** @param mediaType as in a header: in any case, parameters behind it */
  find(mediaType: string): Codec | undefined {
    // As it is first: nearly all write it in the one way.
    return this.#codecs.get(mediaType) ?? this.#codecs.get(mediaType.split(';', 1)[0]!.trim().toLowerCase());
  }
}
