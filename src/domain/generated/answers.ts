// Generated from schemas/answers.schema.json; change it there and run `npm run generate`.
import type { DeviceName, TypeName } from './reading.js';

/**
 * What the service answers over HTTP to those who ask: inventory, history and operation. Receipts and problems have schemas of their own.
 */
export type Answer =
  | DeviceList
  | DeviceDetail
  | DeviceLatest
  | TagList
  | TagValues
  | HistoryPage
  | SchemaList
  | Stats
  | Health
  | Ready
  | Unready
  | InfluxError
  | InfluxHealth;
/**
 * online: an open stream (or a connection to the MQTT listener), or a sign of life within three times its usual interval (at least 60 s), which is a reading, the end of its last stream, or the start of the service for one that was online before.
 */
export type DeviceState = 'online' | 'offline';
/**
 * Fixed per type: by its schema, else by the first value accepted.
 */
export type FieldKind = 'float' | 'integer' | 'boolean' | 'string';

/**
 * A page of devices, by name.
 */
export interface DeviceList {
  devices: DeviceSummary[];
  /**
   * Cursor of the next page; null on the last one.
   */
  next: string | null;
}
/**
 * A device as the inventory lists it. Seen means time of arrival, in milliseconds.
 */
export interface DeviceSummary {
  device: DeviceName;
  types: TypeName[];
  firstSeen: number;
  lastSeen: number;
  state: DeviceState;
}
/**
 * Everything that the catalog knows of a device.
 */
export interface DeviceDetail {
  device: DeviceName;
  state: DeviceState;
  /**
   * Time of arrival, in milliseconds.
   */
  firstSeen: number;
  /**
   * Time of arrival, in milliseconds.
   */
  lastSeen: number;
  /**
   * Arrival less the device's own time, at its newest reading.
   */
  skewMs: number;
  types: DeviceType[];
}
/**
 * What a device has sent of one type.
 */
export interface DeviceType {
  type: TypeName;
  fields: KnownField[];
  /**
   * Each tag's key with its values.
   */
  tags: {
    [k: string]: string[];
  };
}
export interface KnownField {
  name: string;
  kind: FieldKind;
  /**
   * As the type's schema says; null where it does not.
   */
  unit: string | null;
}
/**
 * The newest values of a device.
 */
export interface DeviceLatest {
  device: DeviceName;
  series: LatestSeries[];
}
/**
 * A series with the newest value of each of its fields.
 */
export interface LatestSeries {
  type: TypeName;
  tags: {
    [k: string]: string;
  };
  /**
   * Of the newest of them, in milliseconds.
   */
  ts: number;
  fields: {
    [k: string]: LatestField;
  };
}
/**
 * The newest value of a field, by event time. Integers beyond 2^53 are strings.
 */
export interface LatestField {
  value: number | boolean | string;
  /**
   * Milliseconds.
   */
  ts: number;
}
/**
 * The keys of all tags that any series has, in order.
 */
export interface TagList {
  tags: string[];
}
/**
 * A page of the values that one tag has, in order.
 */
export interface TagValues {
  values: string[];
  /**
   * Cursor of the next page; null on the last one.
   */
  next: string | null;
}
/**
 * Rows in order of time, then type, device and tags; a cell for each column, null where a row has no value.
 */
export interface HistoryPage {
  /**
   * `ts`, `device`, `type`, a `tag.KEY` for each tag, and a column for each field, or for each field and function.
   */
  columns: string[];
  rows: (number | string | boolean | null)[][];
  /**
   * Cursor of the next page; null on the last one.
   */
  next: string | null;
  /**
   * Whether more rows follow than this answer holds.
   */
  truncated: boolean;
}
/**
 * The reading types that have a schema.
 */
export interface SchemaList {
  schemas: SchemaSummary[];
}
/**
 * A reading type that has a schema.
 */
export interface SchemaSummary {
  type: TypeName;
  title: string;
  description: string;
  fields: KnownField[];
}
/**
 * Readings, counted since the data directory was made, and what is there now. received = accepted + rejected, and accepted = stored + quarantined + discarded + pending.
 */
export interface Stats {
  /**
   * Readings that got a receipt.
   */
  received: number;
  /**
   * Readings that are or were durable in the spool.
   */
  accepted: number;
  /**
   * Readings that were refused at the door.
   */
  rejected: number;
  /**
   * Readings delivered to the store, also those that overwrote one.
   */
  stored: number;
  /**
   * Readings that the store refused for good.
   */
  quarantined: number;
  /**
   * Readings deleted from quarantine.
   */
  discarded: number;
  /**
   * Readings in the spool that the store does not have yet, counted there.
   */
  pending: number;
  /**
   * Open /v1/stream connections.
   */
  streams: number;
  /**
   * Live subscriptions.
   */
  subscriptions: number;
  /**
   * Bytes of the spool on disk.
   */
  spoolBytes: number;
  /**
   * Age of the oldest pending reading; null when nothing is pending.
   */
  oldestPendingMs: number | null;
  uptimeMs: number;
  /**
   * Readings whose record in the spool was found damaged.
   */
  damaged: number;
  /**
   * Bytes taken in and not yet acknowledged.
   */
  inFlightBytes: number;
  /**
   * Devices known.
   */
  devices: number;
  /**
   * Series known.
   */
  series: number;
  bus?: LiveBus;
}
/**
 * The live readings that instances share over the MQTT broker; there where one is set. Counts are of readings, since the start.
 */
export interface LiveBus {
  /**
   * Whether the broker is there.
   */
  connected: boolean;
  /**
   * The name of this one.
   */
  instance: string;
  /**
   * The other instances that this one has heard of.
   */
  peers: {
    instance: string;
    online: boolean;
    /**
     * How many of its readings this one has, or knows to be lost.
     */
    position: number;
    /**
     * Readings that it has accepted and that have not come here.
     */
    behind: number;
    heardMsAgo: number;
  }[];
  /**
   * Instances that are there and that a cursor has no room for.
   */
  refused: number;
  /**
   * Sent to the others as they were accepted.
   */
  published: number;
  /**
   * Not sent so, because the broker was away or busy: the others fetch them.
   */
  unsent: number;
  /**
   * Of others, as they were accepted.
   */
  received: number;
  /**
   * Of others, asked for afterwards.
   */
  fetched: number;
  /**
   * How often readings of others could not be had, so that subscribers were told a gap.
   */
  gaps: number;
  /**
   * Messages that are not of the bus's form.
   */
  malformed: number;
  /**
   * Published for other programs.
   */
  republished: number;
  /**
   * Not published for them, because the broker was away or too slow.
   */
  republishDropped: number;
}
/**
 * The process lives.
 */
export interface Health {
  status: 'ok';
}
/**
 * Readings are taken.
 */
export interface Ready {
  status: 'ready';
  /**
   * Whether the broker of the live bus is there; without it, live readings of other instances wait.
   */
  bus?: 'connected' | 'away';
}
/**
 * No readings are taken now.
 */
export interface Unready {
  status: 'unready';
  reason: string;
}
/**
 * A refusal in the form that clients of InfluxDB know: 2 has code and message, 1 has error.
 */
export interface InfluxError {
  code:
    'invalid' | 'request too large' | 'unsupported media type' | 'too many requests' | 'internal error' | 'unavailable';
  /**
   * Which lines, from 1, and why.
   */
  message: string;
  /**
   * The same again.
   */
  error: string;
}
/**
 * Whether writes are taken, as InfluxDB says it.
 */
export interface InfluxHealth {
  name: 'inlet';
  message: string;
  status: 'pass' | 'fail';
  /**
   * @maxItems 0
   */
  checks: unknown[];
}
