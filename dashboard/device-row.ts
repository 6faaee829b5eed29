/** A device in the list: whether it is online, and what it said last. */
import type { DeviceSummary } from '../src/domain/generated/answers.js';
import type { Reading } from '../src/domain/reading.js';
import { element, setText } from './element.js';
import { formatAge, formatBriefly } from './format.js';
import { Newest } from './newest.js';
import type { Units } from './units.js';

const shownValues = 3;

export class DeviceRow {
  readonly element: HTMLLIElement;
  readonly #link: HTMLAnchorElement;
  readonly #values = element('span', { class: 'row-values' });
  readonly #age = element('span', { class: 'row-age' });
  readonly #newest = new Newest();
  readonly #units: Units;
  #lastSeen = 0;

  constructor(device: string, units: Units) {
    this.#units = units;
    const dot = element('span', { class: 'dot' });
    const name = element('span', { class: 'row-name', title: device }, device);
    this.#link = element('a', { href: `#${device}` }, dot, name, this.#age, this.#values);
    this.element = element('li', {}, this.#link);
  }

  describe({ state, lastSeen }: DeviceSummary, now: number): void {
    this.showState(state);
    this.#lastSeen = Math.max(this.#lastSeen, lastSeen);
    this.paint(now);
  }

  showState(state: DeviceSummary['state']): void {
    this.#link.dataset['state'] = state;
    this.#link.title = state;
  }

  take(reading: Reading): void {
    this.#newest.take(reading);
  }

  /** A reading came just now, whatever its own time says. */
  arrived(now: number): void {
    this.#lastSeen = now;
  }

  mark(picked: boolean): void {
    if (picked) this.#link.setAttribute('aria-current', 'page');
    else this.#link.removeAttribute('aria-current');
  }

  paint(now: number): void {
    const fields = this.#newest.fields;
    const shown = fields.slice(0, shownValues).map(({ type, field, value }) => {
      return typeof value === 'boolean'
        ? `${field}: ${formatBriefly(value)}`
        : formatBriefly(value, this.#units.of(type, field));
    });
    const rest = fields.length > shownValues ? [`+${fields.length - shownValues}`] : [];
    setText(this.#values, [...shown, ...rest].join('  ·  '));
    setText(this.#age, formatAge(this.#lastSeen, now));
  }
}
