/** JSON batches: a reading, an array of readings, or an envelope with `readings` and defaults for them. */
import { isUtf8 } from 'node:buffer';
import type { Batch } from '../domain/batch.js';
import { isLongerThan, isPrecision, type Precision } from '../domain/reading.js';
import { Refusal } from '../domain/refusal.js';
import { withoutMark } from './byte-order-mark.js';
import { tooManyReadings, type Codec, type Decoding } from './codec.js';

const maxIdCharacters = 64;
const envelopeKeys = new Set(['id', 'device', 'type', 'precision', 'tags', 'readings']);

export const jsonCodec: Codec = { mediaType: 'application/json', decode: decodeJson };

export function decodeJson(bytes: Buffer, decoding: Decoding, maxReadings: number): Batch | Refusal {
  if (bytes.length === 0) return new Refusal('empty_batch', 'there is nothing in it');
  if (!isUtf8(bytes)) return new Refusal('malformed', 'the body is not valid UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(withoutMark(bytes).toString('utf8'));
  } catch (error) {
    return new Refusal('malformed', `the body is not JSON: ${(error as Error).message}`);
  }
  const batch = toBatch(value, decoding);
  if (batch instanceof Refusal || batch.readings.length <= maxReadings) return batch;
  return tooManyReadings(maxReadings).numbered(batch.seq);
}

function toBatch(value: unknown, { precision = 'ms', numbered }: Decoding): Batch | Refusal {
  if (Array.isArray(value)) return value.length > 0 ? plainBatch(value, precision) : emptyBatch();
  if (typeof value !== 'object' || value === null) {
    return new Refusal('malformed', 'a batch is a reading, an array of readings, or an envelope with "readings"');
  }
  const object = value as Record<string, unknown>;
  const seq = numbered ? object['seq'] : undefined;
  if (seq !== undefined && !(Number.isSafeInteger(seq) && (seq as number) >= 1)) {
    return new Refusal('malformed', '"seq" must be an integer of at least 1');
  }
  const batch = Object.hasOwn(object, 'readings')
    ? envelope(object, precision, seq !== undefined)
    : plainBatch([object], precision);
  if (batch instanceof Refusal) return batch.numbered(seq as number | undefined);
  // The number stays in a reading that carries it: deleting a key would make every later look at it slower.
  batch.seq = seq as number | undefined;
  return batch;
}

function plainBatch(readings: unknown[], precision: Precision): Batch {
  return { id: undefined, seq: undefined, device: undefined, type: undefined, tags: undefined, precision, readings };
}

function envelope(object: Record<string, unknown>, precision: Precision, isNumbered: boolean): Batch | Refusal {
  for (const key in object) {
    if (envelopeKeys.has(key) || (isNumbered && key === 'seq')) continue;
    return new Refusal('malformed', `unknown key ${JSON.stringify(key)} in the envelope`);
  }
  const { id, readings, device, type, tags, precision: unit = precision } = object;
  if (!isPrecision(unit)) return new Refusal('malformed', '"precision" must be one of s, ms, us, ns');
  if (id !== undefined && !(typeof id === 'string' && !isLongerThan(id, maxIdCharacters))) {
    return new Refusal('malformed', `"id" must be a string of at most ${maxIdCharacters} characters`);
  }
  if (!Array.isArray(readings)) return new Refusal('malformed', '"readings" must be an array');
  if (readings.length === 0) return emptyBatch();
  return { id, seq: undefined, device, type, tags, precision: unit, readings };
}

function emptyBatch(): Refusal {
  return new Refusal('empty_batch', 'the batch has no readings');
}
