/**
 * What changed in each series, for those who want changes only: a field is left out when it has the value that was the newest of
 * its series. Late readings change nothing that is known, and come whole.
 */
import type { FieldValue } from '../domain/reading.js';
import type { Inventory } from '../ports/catalog.js';
import type { CompiledFilter } from './filter.js';
import type { Chooses, Readings } from './readings.js';

interface Known {
  value: FieldValue;
  ms: number;
  ns: number;
}

/** With one more all are forgotten, and the next reading of each comes whole. */
const maxSeries = 100_000;

export class Changes {
  readonly #series = new Map<string, Map<string, Known>>();

  /** Takes over what the catalog has of the series that match; it has to stand where the feed stands. */
  learn(inventory: Inventory, filter: CompiledFilter): void {
    const { exactDevices } = filter;
    for (const device of exactDevices ?? [undefined]) {
      for (const { series, fields } of inventory.newest(device)) {
        if (this.#series.size >= maxSeries) return;
        if (!filter.matches(series)) continue;
        this.#series.set(series.prefix, new Map(fields.map(({ name, value, ms, ns }) => [name, { value, ms, ns }])));
      }
    }
  }

  /** Which fields of the reading changed. Each reading is to be shown here once, in order. */
  of(readings: Readings, index: number): Chooses {
    const known = this.#knownOf(readings.seriesOf(index).prefix);
    const { keys, values, fieldCount, ms, ns } = readings.look(index);
    const same = new Set<string>();
    for (let field = 0; field < fieldCount; field++) {
      const name = keys[field]!;
      const value = values[field]!;
      const before = known.get(name);
      if (before && (ms < before.ms || (ms === before.ms && ns < before.ns))) continue;
      if (before?.value === value) same.add(name);
      known.set(name, { value, ms, ns });
    }
    return (name) => !same.has(name);
  }

  forget(): void {
    this.#series.clear();
  }

  #knownOf(prefix: string): Map<string, Known> {
    let known = this.#series.get(prefix);
    if (!known) {
      if (this.#series.size >= maxSeries) this.#series.clear();
      this.#series.set(prefix, (known = new Map()));
    }
    return known;
  }
}
