/** What is known of types, field kinds, series and devices. Everything in it is in memory and bounded. */
import type { DeviceDetail, DeviceSummary } from '../domain/generated/answers.js';
import type { FieldValue, Kind, SeriesIdentity, Tags } from '../domain/reading.js';
import type { RejectionCode } from '../domain/refusal.js';
import type { PresenceSource } from './presence.js';

export type { DeviceDetail, DeviceSummary } from '../domain/generated/answers.js';

export interface FieldEntry {
  readonly name: string;
  /** The kind lock: the schema's, else that of the first value accepted. */
  readonly kind: Kind;
  readonly unit: string | null;
  /** Place of the field in the arrays of a series. */
  readonly index: number;
}

/** What a type's schema says of a reading; undefined when it is content. The reading's nulls are left out already. */
export type TypeCheck = (reading: {
  device: string;
  type: string;
  ts: number;
  tags: Tags;
  fields: Record<string, FieldValue>;
}) => { code: RejectionCode; path: string; message: string } | undefined;

/** A reading type that has a schema. */
export interface ReadingType {
  name: string;
  fields: { name: string; kind: Kind; unit: string | null }[];
  check: TypeCheck;
  schema: Record<string, unknown>;
}

export interface TypeEntry {
  readonly name: string;
  readonly fields: ReadonlyMap<string, FieldEntry>;
  readonly check: TypeCheck | undefined;
}

export interface SeriesEntry extends SeriesIdentity {
  /** How its lines begin (domain/line.ts); equal prefixes are the same series. */
  readonly prefix: string;
  /** Whether the prefix has ASCII characters only. */
  readonly isAscii: boolean;
  readonly typeEntry: TypeEntry;
  /** The newest time that was appended, durable or not: what is not newer is late. */
  headMs: number;
  headNs: number;
}

/** Values that a series had at one time: a reading, or what of one is still the newest. */
export interface SeriesValues {
  series: SeriesEntry;
  ms: number;
  ns: number;
  fields: Record<string, FieldValue>;
}

/** How the pipeline knows and teaches the catalog; lookups by what a reading says, without allocation. */
export interface Catalog {
  findType(name: string): TypeEntry | undefined;
  findSeries(type: TypeEntry, device: string, tags: Tags): SeriesEntry | undefined;
  /** @returns undefined when there is no room for another type */
  addType(name: string): TypeEntry | undefined;
  /** @returns undefined when there is no room for another series */
  addSeries(type: TypeEntry, device: string, tags: Tags): SeriesEntry | undefined;
  /** @returns undefined when the type has no room for another field */
  addField(type: TypeEntry, name: string, kind: Kind): FieldEntry | undefined;
  /** Keeps the unit of a field of which none is known. */
  learnUnit(type: TypeEntry, name: string, unit: string): void;
  /** Takes back what a batch taught that could not be made durable. */
  removeField(type: TypeEntry, name: string): void;
  /** These are durable now. Of readings that came together, those that others of them make old may be left out. */
  observe(values: Iterable<SeriesValues>, arrivedMs: number): void;
}

export interface NewestField {
  name: string;
  value: FieldValue;
  ms: number;
  ns: number;
}

export interface SeriesNewest {
  series: SeriesEntry;
  /** At least one. */
  fields: NewestField[];
}

/** Which series: every given condition has to hold. A pattern is an exact name or has `*` in it. */
export interface SeriesChoice {
  types?: ReadonlySet<string> | undefined;
  devices?: readonly string[] | undefined;
  tags?: Readonly<Record<string, string>> | undefined;
}

/** Tags and fields that some series were ever seen with. */
export interface KnownColumns {
  /** Keys, in order. */
  tags: readonly string[];
  /** By type. */
  fields: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Forgets devices for good. */
export interface Forgetting {
  /** All that readings before position `before` taught of this device; returns when a start does not bring it back. */
  forget(device: string, before: number): Promise<void>;
}

/** What inventory, live snapshots and queries ask. */
export interface Inventory {
  types(): { type: string; fields: { name: string; kind: Kind; unit: string | null }[] }[];
  /** Devices by name from `after` on, whose names begin with `prefix`. */
  devices(query: { prefix: string; after: string | null; limit: number }): DeviceSummary[];
  device(name: string): DeviceDetail | undefined;
  /** Newest value of each field by event time, of one device's series or of all. */
  newest(device?: string): Iterable<SeriesNewest>;
  /** What rows of these series may have in them. */
  columnsOf(choice: SeriesChoice): KnownColumns;
  /** Keys of all tags, in order. */
  tagKeys(): string[];
  /** Values of a tag in order, behind `after`. @returns undefined for a key that no series has */
  tagValues(key: string, after: string | null, limit: number): string[] | undefined;
  /** Opens or closes a stream on which this device writes. @returns whether the device is known */
  countStream(device: string, change: 1 | -1): boolean;
  readonly presence: PresenceSource;
  counts(): { devices: number; series: number; types: number };
}
