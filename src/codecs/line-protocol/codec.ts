/** InfluxDB's line protocol: a point is a reading. Lines count from 1, and what is wrong in one names its line and column. */
import { isUtf8 } from 'node:buffer';
import type { Batch } from '../../domain/batch.js';
import { Rejected } from '../../domain/rejected.js';
import { Refusal } from '../../domain/refusal.js';
import { withoutMark } from '../byte-order-mark.js';
import { tooManyReadings, type Codec, type Decoding } from '../codec.js';
import { PointReader } from './point-reader.js';
import { SeriesCache } from './series-cache.js';

export class LineProtocolCodec implements Codec {
  readonly mediaType = 'text/plain';
  readonly #cache: SeriesCache;

  /** @param deviceTags the first of these that a point has names its device */
  constructor(deviceTags: readonly string[]) {
    this.#cache = new SeriesCache(deviceTags);
  }

  decode(bytes: Buffer, { precision = 'ns', timeFactor = 1 }: Decoding, maxReadings: number): Batch | Refusal {
    if (!isUtf8(bytes)) return new Refusal('malformed', 'the body is not valid UTF-8');
    const points = new PointReader(withoutMark(bytes).toString('utf8'), this.#cache, { precision, factor: timeFactor });
    const readings: unknown[] = [];
    const lines: number[] = [];
    while (points.next()) {
      if (readings.length === maxReadings) return tooManyReadings(maxReadings);
      lines.push(points.line);
      const { series, fields, time, error } = points;
      if (error) {
        const { line, column } = points.place(error);
        readings.push(new Rejected('malformed', '', `line ${line}, column ${column}: ${error.message}`));
      } else {
        readings.push({ device: series.device, type: series.type, ts: time, tags: series.tags, fields });
      }
    }
    if (readings.length === 0) return new Refusal('empty_batch', 'there is no point in it');
    return {
      id: undefined,
      seq: undefined,
      device: undefined,
      type: undefined,
      tags: undefined,
      precision,
      readings,
      saysKinds: true,
      lines,
    };
  }
}
