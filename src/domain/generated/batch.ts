// Generated from schemas/batch.schema.json; change it there and run `npm run generate`.
import type { SentReading, DeviceName, TypeName, Precision, SentTags, SentTime, SentFields } from './reading.js';

/**
 * What one HTTP body, one stream frame or one MQTT message carries: a reading, an array of readings, or an envelope.
 */
export type Batch = Envelope | SentReading | SentReading[];

/**
 * Readings with the defaults that they share. A reading's own device, type and precision win; tags merge by key.
 */
export interface Envelope {
  /**
   * Comes back in the receipt.
   */
  id?: string;
  device?: DeviceName;
  type?: TypeName;
  precision?: Precision;
  tags?: SentTags;
  /**
   * @minItems 1
   */
  readings: EnvelopeReading[];
}
/**
 * A reading whose device may come from its envelope.
 */
export interface EnvelopeReading {
  device?: DeviceName;
  type?: TypeName;
  ts?: SentTime;
  precision?: Precision;
  tags?: SentTags;
  fields: SentFields;
}
