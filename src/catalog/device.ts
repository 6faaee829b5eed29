/** One device: its series, when it was heard of, and whether it counts as online. */
import { encodePrefix } from '../domain/line.js';
import type { Tags } from '../domain/reading.js';
import { nowhere, type OnWheel } from '../domain/wheel.js';
import type { DeviceDetail, DeviceSummary } from '../ports/catalog.js';
import type { DevicePresence } from '../ports/presence.js';
import type { CatalogSeries } from './newest.js';

/** A device may be silent for three of its usual intervals, and for this long at least. */
export const shortestPatienceMs = 60_000;
const intervalsOfPatience = 3;
/**
 * What arrives so soon behind a counted arrival belongs to it. Half of what makes any difference: an interval that is found
 * longer by it stays below a third of the shortest patience.
 */
const burstMs = shortestPatienceMs / intervalsOfPatience / 2;
/** How much of the usual interval one new interval makes up. */
const intervalWeight = 0.2;
/** Beyond this many series of one device a map is quicker than a look at each. */
const seriesLookedThrough = 8;

/** What is kept of a device beside its series. */
export type KnownDevice = Pick<
  CatalogDevice,
  'firstSeenMs' | 'lastSeenMs' | 'usualIntervalMs' | 'skewMs' | 'isOnline' | 'sinceMs' | 'change'
>;

export class CatalogDevice implements OnWheel {
  readonly name: string;
  firstSeenMs = 0;
  lastSeenMs = 0;
  /** Exponential average of the times between counted arrivals, a burst being one; 0 until there were two. */
  usualIntervalMs = 0;
  #countedMs = 0;
  skewMs = 0;
  openStreams = 0;
  /** When the last of its streams was closed. */
  streamEndedMs = 0;
  isOnline = false;
  /** Since when it is, or is not. */
  sinceMs = 0;
  /** See ports/presence.ts. */
  change = 0;
  slot = nowhere;
  readonly series: CatalogSeries[] = [];
  #byPrefix: Map<string, CatalogSeries> | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Whether a reading of it was ever durable. */
  get isKnown(): boolean {
    return this.lastSeenMs > 0;
  }

  add(series: CatalogSeries): void {
    this.series.push(series);
    if (this.#byPrefix) this.#byPrefix.set(series.prefix, series);
    else if (this.series.length > seriesLookedThrough) {
      this.#byPrefix = new Map(this.series.map((entry) => [entry.prefix, entry]));
    }
  }

  forget(): void {
    this.firstSeenMs = this.lastSeenMs = this.usualIntervalMs = this.skewMs = this.sinceMs = 0;
    this.series.length = 0;
    this.#byPrefix = undefined;
  }

  find(typeName: string, tags: Tags): CatalogSeries | undefined {
    if (this.#byPrefix) return this.#findByPrefix(this.#byPrefix, typeName, tags);
    for (const series of this.series) if (series.type === typeName && series.hasTags(tags)) return series;
    return undefined;
  }

  /** Nobody has checked the tags yet: they may be no strings, and keys with commas in them may spell another's prefix. */
  #findByPrefix(byPrefix: Map<string, CatalogSeries>, typeName: string, tags: Tags): CatalogSeries | undefined {
    for (const key in tags) if (typeof tags[key] !== 'string') return undefined;
    const series = byPrefix.get(encodePrefix(typeName, this.name, tags));
    return series?.hasTags(tags) ? series : undefined;
  }

  /** Readings that arrive together may be told one by one, in any order: their newest says how far its clock is off. */
  seen(arrivedMs: number, newestMs: number): void {
    const skewMs = arrivedMs - newestMs;
    this.skewMs = arrivedMs === this.lastSeenMs ? Math.min(this.skewMs, skewMs) : skewMs;
    if (this.firstSeenMs === 0) this.firstSeenMs = this.#countedMs = arrivedMs;
    else if (arrivedMs - this.#countedMs >= burstMs) this.#learnInterval(arrivedMs);
    this.lastSeenMs = Math.max(this.lastSeenMs, arrivedMs);
  }

  #learnInterval(arrivedMs: number): void {
    const intervalMs = arrivedMs - this.#countedMs;
    this.usualIntervalMs += (intervalMs - this.usualIntervalMs) * (this.usualIntervalMs === 0 ? 1 : intervalWeight);
    this.#countedMs = arrivedMs;
  }

  /** Takes in what was known of it before this start. */
  restore(known: KnownDevice): void {
    Object.assign(this, known);
    this.#countedMs = this.lastSeenMs;
  }

  /** Until when it counts as online, if nothing more comes of it and silence counts from `listeningSinceMs` on. */
  deadlineMs(listeningSinceMs: number): number {
    if (this.openStreams > 0) return Infinity;
    const patienceMs = Math.max(shortestPatienceMs, intervalsOfPatience * this.usualIntervalMs);
    const silentSinceMs = Math.max(this.lastSeenMs, listeningSinceMs);
    return Math.max(silentSinceMs + patienceMs, this.streamEndedMs + shortestPatienceMs);
  }

  get state(): DevicePresence['state'] {
    return this.isOnline ? 'online' : 'offline';
  }

  presence(): DevicePresence {
    const { name: device, state, sinceMs: at, change } = this;
    return { device, state, at, change, series: this.series.filter(({ hasValues }) => hasValues) };
  }

  summary(): DeviceSummary {
    return {
      device: this.name,
      types: [...new Set(this.series.map((series) => series.type))].sort(),
      firstSeen: this.firstSeenMs,
      lastSeen: this.lastSeenMs,
      state: this.state,
    };
  }

  detail(): DeviceDetail {
    const types = new Map<string, CatalogSeries[]>();
    for (const series of this.series) types.set(series.type, [...(types.get(series.type) ?? []), series]);
    return {
      device: this.name,
      state: this.state,
      firstSeen: this.firstSeenMs,
      lastSeen: this.lastSeenMs,
      skewMs: this.skewMs,
      types: [...types].sort(([a], [b]) => (a < b ? -1 : 1)).map(([type, series]) => describeType(type, series)),
    };
  }
}

function describeType(type: string, series: CatalogSeries[]): DeviceDetail['types'][number] {
  const present = new Set(series.flatMap((entry) => entry.newest().map((field) => field.name)));
  const fields = [...series[0]!.typeEntry.fields.values()]
    .filter((field) => present.has(field.name))
    .map(({ name, kind, unit }) => ({ name, kind, unit }));
  const values = new Map<string, Set<string>>();
  for (const { tags } of series) {
    for (const key of Object.keys(tags)) values.set(key, (values.get(key) ?? new Set()).add(tags[key]!));
  }
  const tags = Object.fromEntries(
    [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, set]) => [key, [...set].sort()]),
  );
  return { type, fields, tags };
}
