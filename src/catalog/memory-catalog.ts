/** The catalog: maps in memory, filled at start from its snapshot, the store and the spool, and by every batch since. */
import { encodePrefix } from '../domain/line.js';
import type { FieldValue, Kind, Tags } from '../domain/reading.js';
import type {
  Catalog,
  DeviceDetail,
  DeviceSummary,
  FieldEntry,
  Inventory,
  KnownColumns,
  ReadingType,
  SeriesChoice,
  SeriesNewest,
  SeriesValues,
  TypeCheck,
  TypeEntry,
} from '../ports/catalog.js';
import type { Clock } from '../ports/clock.js';
import { chooseSeries, columnsOf } from './choose-series.js';
import { CatalogDevice, type KnownDevice } from './device.js';
import { CatalogSeries } from './newest.js';
import { Presence } from './presence.js';
import { TagIndex } from './tag-index.js';

/** Bounds, so that a device that invents names cannot take all memory. */
export interface CatalogBounds {
  series: number;
  types: number;
  fieldsOfType: number;
}

const defaultBounds: CatalogBounds = { series: 1_000_000, types: 1_000, fieldsOfType: 1_024 };

class CatalogType implements TypeEntry {
  readonly name: string;
  readonly fields = new Map<string, FieldEntry>();
  readonly check: TypeCheck | undefined;
  #nextIndex = 0;

  constructor(name: string, check?: TypeCheck) {
    this.name = name;
    this.check = check;
  }

  add(name: string, kind: Kind, unit: string | null): FieldEntry {
    const field = { name, kind, unit, index: this.#nextIndex++ };
    this.fields.set(name, field);
    return field;
  }
}

export class MemoryCatalog implements Catalog, Inventory {
  readonly #clock: Clock;
  readonly #bounds: CatalogBounds;
  readonly #types = new Map<string, CatalogType>();
  readonly #devices = new Map<string, CatalogDevice>();
  readonly #tags = new TagIndex();
  readonly presence: Presence;
  #seriesCount = 0;
  #sortedNames: string[] | undefined;

  constructor(clock: Clock, readingTypes: readonly ReadingType[], bounds: CatalogBounds = defaultBounds) {
    this.#clock = clock;
    this.#bounds = bounds;
    this.presence = new Presence(clock, this.#devices);
    for (const { name, fields, check } of readingTypes) {
      const type = new CatalogType(name, check);
      for (const field of fields) type.add(field.name, field.kind, field.unit);
      this.#types.set(name, type);
    }
  }

  findType(name: string): TypeEntry | undefined {
    return this.#types.get(name);
  }

  findSeries(type: TypeEntry, device: string, tags: Tags): CatalogSeries | undefined {
    return this.#devices.get(device)?.find(type.name, tags);
  }

  addType(name: string): TypeEntry | undefined {
    const known = this.#types.get(name);
    if (known) return known;
    if (this.#types.size >= this.#bounds.types) return undefined;
    const type = new CatalogType(name);
    this.#types.set(name, type);
    return type;
  }

  addSeries(type: TypeEntry, device: string, tags: Tags): CatalogSeries | undefined {
    const known = this.findSeries(type, device, tags);
    if (known) return known;
    if (this.#seriesCount >= this.#bounds.series) return undefined;
    let entry = this.#devices.get(device);
    if (!entry) {
      entry = new CatalogDevice(device);
      this.#devices.set(device, entry);
      this.#sortedNames = undefined;
    }
    const series = new CatalogSeries(type, device, { ...tags }, encodePrefix(type.name, device, tags));
    entry.add(series);
    this.#tags.add(series.tags);
    this.#seriesCount++;
    return series;
  }

  addField(type: TypeEntry, name: string, kind: Kind, unit: string | null = null): FieldEntry | undefined {
    const known = type.fields.get(name);
    if (known) return known;
    if (type.fields.size >= this.#bounds.fieldsOfType) return undefined;
    return (type as CatalogType).add(name, kind, unit);
  }

  learnUnit(type: TypeEntry, name: string, unit: string): void {
    const field: { unit: string | null } | undefined = type.fields.get(name);
    if (field) field.unit ??= unit;
  }

  removeField(type: TypeEntry, name: string): void {
    (type as CatalogType).fields.delete(name);
  }

  observe(values: Iterable<SeriesValues>, arrivedMs: number): void {
    let device: CatalogDevice | undefined;
    for (const { series: given, ms, ns, fields } of values) {
      const known = given as CatalogSeries;
      const series = known.isForgotten ? this.addSeries(known.typeEntry, known.device, known.tags) : known;
      if (!series) continue;
      const isNew = !series.hasValues;
      this.#keepNewest(series, fields, ms, ns);
      if (device?.name !== series.device) device = this.#devices.get(series.device)!;
      device.seen(arrivedMs, ms);
      if (!device.isOnline) this.presence.heard(device);
      else if (isNew) this.presence.grown(device, series);
    }
  }

  #keepNewest(series: CatalogSeries, fields: Record<string, FieldValue>, ms: number, ns: number): void {
    const known = series.typeEntry.fields;
    for (const name in fields) {
      const field = known.get(name);
      if (field) series.update(field, fields[name]!, ms, ns);
    }
    series.raiseHead(ms, ns);
  }

  /** A device that holds a stream open stays, as one that was never heard of. */
  forgetDevice(name: string): void {
    const device = this.#devices.get(name);
    if (!device) return;
    this.presence.gone(device);
    for (const series of device.series) {
      series.isForgotten = true;
      this.#tags.remove(series.tags);
    }
    this.#seriesCount -= device.series.length;
    device.forget();
    if (device.openStreams > 0) return;
    this.#devices.delete(name);
    this.#sortedNames = undefined;
  }

  /** Takes in what is known of a device from before this start. */
  restoreDevice(name: string, known: KnownDevice): void {
    this.#devices.get(name)?.restore(known);
  }

  types(): ReturnType<Inventory['types']> {
    return [...this.#types.values()].map(({ name, fields }) => ({
      type: name,
      fields: [...fields.values()].map(({ name, kind, unit }) => ({ name, kind, unit })),
    }));
  }

  devices({ prefix, after, limit }: { prefix: string; after: string | null; limit: number }): DeviceSummary[] {
    const found: DeviceSummary[] = [];
    for (const name of this.#namesFrom(after !== null && after > prefix ? after : prefix)) {
      if (!name.startsWith(prefix)) break;
      const device = this.#devices.get(name)!;
      if (name === after || !device.isKnown) continue;
      found.push(device.summary());
      if (found.length === limit) break;
    }
    return found;
  }

  *#namesFrom(first: string): Iterable<string> {
    this.#sortedNames ??= [...this.#devices.keys()].sort();
    const names = this.#sortedNames;
    let low = 0;
    let high = names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (names[middle]! < first) low = middle + 1;
      else high = middle;
    }
    for (let index = low; index < names.length; index++) yield names[index]!;
  }

  device(name: string): DeviceDetail | undefined {
    const device = this.#devices.get(name);
    return device?.isKnown ? device.detail() : undefined;
  }

  *newest(device?: string): Iterable<SeriesNewest> {
    const chosen = device === undefined ? this.#devices.values() : [this.#devices.get(device)];
    for (const entry of chosen) {
      for (const series of entry?.series ?? []) {
        const fields = series.newest();
        if (fields.length > 0) yield { series, fields };
      }
    }
  }

  columnsOf(choice: SeriesChoice): KnownColumns {
    return columnsOf(chooseSeries(this.#devices, choice));
  }

  tagKeys(): string[] {
    return this.#tags.keys();
  }

  tagValues(key: string, after: string | null, limit: number): string[] | undefined {
    return this.#tags.values(key, after, limit);
  }

  /** Every device, for the snapshot. */
  allDevices(): Iterable<CatalogDevice> {
    return this.#devices.values();
  }

  countStream(device: string, change: 1 | -1): boolean {
    const entry = this.#devices.get(device);
    if (!entry) return false;
    entry.openStreams += change;
    if (entry.openStreams === 0) entry.streamEndedMs = this.#clock.now();
    else if (!entry.isOnline && entry.isKnown) this.presence.heard(entry);
    return true;
  }

  counts(): { devices: number; series: number; types: number } {
    return { devices: this.#devices.size, series: this.#seriesCount, types: this.#types.size };
  }
}
