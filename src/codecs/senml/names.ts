/**
 * Whose value a record has, and of which field. RFC 8428 knows names only: a base name, and a name behind it (§4.5.1).
 *
 *     base     the base name, without a separator at its end, is the device; the name is the field
 *     split    base name and name in one, parted at the last separator: the device and the field
 *     whole    base name and name in one are the device
 *
 * Where only a device comes of it, the field is `value`; by `base` a name without a base name is one. So
 * `urn:dev:ow:10e2073a01080063:temp`, without a base name, has the field `temp` by `split` only.
 */
import { deviceName } from '../names.js';

export interface NameRule {
  rule: 'base' | 'split' | 'whole';
  /** Each character is one. */
  separators: string;
}

export const usualNames: NameRule = { rule: 'base', separators: ':/' };

const onlyField = 'value';

export class Names {
  /** Of the record that was resolved last. */
  device = '';
  field = onlyField;
  readonly #rule: NameRule['rule'];
  readonly #separators: string;
  #base = '';
  /** By `base`; empty where there is no base name. */
  #baseDevice = '';

  constructor({ rule, separators }: NameRule) {
    this.#rule = rule;
    this.#separators = separators;
  }

  /** The base name of the records from here on. */
  setBase(bn: string): void {
    this.#base = bn;
    const name = this.#withoutSeparator(bn);
    this.#baseDevice = name === '' ? '' : deviceName(name);
  }

  /** @param n empty where the record has none @returns whether it names a device */
  resolve(n: string): boolean {
    this.field = onlyField;
    if (this.#rule === 'base') {
      if (this.#baseDevice === '') return this.#only(n);
      this.device = this.#baseDevice;
      if (n !== '') this.field = n;
      return true;
    }
    const name = this.#base + n;
    if (this.#rule === 'whole') return this.#only(name);
    const at = this.#lastSeparator(name);
    if (at < 0 || at === name.length - 1) return this.#only(this.#withoutSeparator(name));
    this.field = name.slice(at + 1);
    return this.#only(name.slice(0, at));
  }

  #only(name: string): boolean {
    if (name === '') return false;
    this.device = deviceName(name);
    return true;
  }

  #withoutSeparator(name: string): string {
    return name !== '' && this.#separators.includes(name.at(-1)!) ? name.slice(0, -1) : name;
  }

  #lastSeparator(name: string): number {
    let at = name.length - 1;
    while (at >= 0 && !this.#separators.includes(name[at]!)) at--;
    return at;
  }
}
