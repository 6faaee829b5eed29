/** Whether lines that came over the bus are what an instance writes: what is shown of them goes into JSON as it is. */
import { LineReader, decodePrefix } from '../../domain/line.js';
import { isDevice, isKey, isTypeName, limits } from '../../domain/reading.js';

/** Names that are not looked at again; with one more all are forgotten. */
const maxRemembered = 100_000;

export class LineCheck {
  readonly #prefixes = new Set<string>();
  readonly #keys = new Set<string>();

  areGood(lines: string, count: number): boolean {
    const reader = new LineReader(lines);
    let found = 0;
    try {
      while (reader.next()) {
        found++;
        if (!this.#isPrefix(reader.prefix)) return false;
        for (let field = 0; field < reader.fieldCount; field++) if (!this.#isKey(reader.keys[field]!)) return false;
      }
    } catch {
      return false;
    }
    return found === count;
  }

  #isKey(key: string): boolean {
    if (this.#keys.has(key)) return true;
    if (!isKey(key)) return false;
    remember(this.#keys, key);
    return true;
  }

  #isPrefix(prefix: string): boolean {
    if (this.#prefixes.has(prefix)) return true;
    const { type, device, tags } = decodePrefix(prefix);
    const keys = Object.keys(tags);
    if (!isTypeName(type) || !isDevice(device) || keys.length > limits.tags || !keys.every(isKey)) return false;
    remember(this.#prefixes, prefix);
    return true;
  }
}

function remember(names: Set<string>, name: string): void {
  if (names.size >= maxRemembered) names.clear();
  names.add(name);
}
