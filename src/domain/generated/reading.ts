// Generated from schemas/reading.schema.json; change it there and run `npm run generate`.

export type DeviceName = string;
/**
 * The kind of reading. It names a schema, where there is one, and is the measurement in InfluxDB.
 */
export type TypeName = string;
/**
 * Time of the observation: an integer in the batch's precision, the same as a string of digits (nanoseconds do not survive as JSON numbers), or RFC 3339 with a zone. Absent: the time of arrival. At most 24 h in the future, not before 1971.
 */
export type SentTime = number | string;
/**
 * Unit of integer timestamps.
 */
export type Precision = 's' | 'ms' | 'us' | 'ns';

/**
 * One observation of one device at one time, as a device may send it.
 */
export interface SentReading {
  device: DeviceName;
  type?: TypeName;
  ts?: SentTime;
  precision?: Precision;
  tags?: SentTags;
  fields: SentFields;
}
/**
 * String labels that are part of the series' identity.
 */
export interface SentTags {
  [k: string]: string;
}
/**
 * Measured values. null means "no value" and is left out; at least one value has to remain.
 */
export interface SentFields {
  [k: string]: number | boolean | string | null;
}
