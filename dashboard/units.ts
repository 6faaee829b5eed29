/** Units of fields. They belong to a type, so one device of a type is asked for all of them. */
import { describeDevice } from './server.js';

export class Units {
  readonly #units = new Map<string, string>();
  readonly #asked = new Map<string, number>();

  of(type: string, field: string): string | undefined {
    return this.#units.get(`${type} ${field}`);
  }

  /** Learns the units of a device's types, unless they are known. A type that grew new fields is asked again later. */
  async learn(device: string, types: readonly string[], now: number): Promise<void> {
    const unknown = types.filter((type) => now - (this.#asked.get(type) ?? -Infinity) > 60_000);
    if (unknown.length === 0) return;
    for (const type of unknown) this.#asked.set(type, now);
    const description = await describeDevice(device);
    for (const { type, fields } of description.types) {
      for (const { name, unit } of fields) if (unit) this.#units.set(`${type} ${name}`, unit);
    }
  }
}
