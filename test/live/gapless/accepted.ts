/**
 * What the service has accepted, in order: the index of a reading is its position. One batch is sent at a time, and the
 * readings of a batch are all new to their series or all late, so nothing but their order here decides on their positions.
 */
import { compilePattern, compilePatterns } from '../../../src/domain/pattern.js';
import type { SubscriptionFilter } from '../../../src/domain/generated/live-frames.js';
import type { LiveReading } from '../live-client.js';

export class Accepted {
  readonly readings: LiveReading[] = [];

  /** What a subscriber with this filter is to see of the readings from one position up to another. */
  seenBy(filter: SubscriptionFilter, from: number, to = this.readings.length): LiveReading[] {
    const isDevice = compilePatterns(filter.devices);
    const isType = compilePatterns(filter.types);
    const isField = compilePatterns(filter.fields);
    const tags = Object.entries(filter.tags ?? {}).map(([key, pattern]) => ({ key, test: compilePattern(pattern) }));
    return this.readings.slice(from, to).flatMap((reading) => {
      if (!isDevice(reading.device) || !isType(reading.type)) return [];
      if (!tags.every(({ key, test }) => key in reading.tags && test(reading.tags[key]!))) return [];
      const fields = Object.fromEntries(Object.entries(reading.fields).filter(([name]) => isField(name)));
      return Object.keys(fields).length === 0 ? [] : [{ ...reading, fields }];
    });
  }
}

export function identityOf({ device, type, ts, tags }: LiveReading): string {
  const sorted = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([type, device, sorted, ts]);
}

/** As one text, whatever the order of keys. */
export function textOf(reading: LiveReading): string {
  const fields = Object.entries(reading.fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${identityOf(reading)} ${JSON.stringify(fields)}`;
}
