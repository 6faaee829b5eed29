/** The newest value of each field of the picked device. A tile that can be drawn is a button: it goes into the chart. */
import { byId, element, setText } from './element.js';
import { formatAge, formatValue } from './format.js';
import { lineKey, type NewestField } from './newest.js';
import { fullLabel, seriesLabels } from './series-labels.js';
import type { Units } from './units.js';

interface Tile {
  button: HTMLButtonElement;
  name: HTMLElement;
  value: HTMLElement;
  unit: HTMLElement;
  age: HTMLElement;
}

export class FieldTiles {
  readonly #host = byId('fields');
  readonly #tiles = new Map<string, Tile>();
  readonly #units: Units;
  readonly #onPress: (field: NewestField) => void;

  constructor(units: Units, onPress: (field: NewestField) => void) {
    this.#units = units;
    this.#onPress = onPress;
  }

  clear(): void {
    this.#tiles.clear();
    this.#host.replaceChildren();
  }

  /** @param colours the colour of each field that is in the chart, by its key */
  paint(fields: readonly NewestField[], colours: ReadonlyMap<string, number>, now: number): void {
    const labelOf = seriesLabels(fields);
    for (const field of fields) {
      const key = lineKey(field);
      const tile = this.#tiles.get(key) ?? this.#add(key, field);
      const colour = colours.get(key);
      setText(tile.name, labelOf(field));
      setText(tile.value, formatValue(field.value));
      setText(tile.unit, this.#units.of(field.type, field.field) ?? '');
      setText(tile.age, formatAge(field.ts, now));
      tile.button.className = colour === undefined ? 'tile' : `tile chosen line-${colour}`;
      tile.button.setAttribute('aria-pressed', String(colour !== undefined));
    }
  }

  #add(key: string, field: NewestField): Tile {
    const value = element('span');
    const unit = element('span', { class: 'tile-unit' });
    const age = element('span', { class: 'tile-age' });
    const name = element('span', { class: 'tile-name', title: fullLabel(field) });
    const button = element(
      'button',
      { type: 'button' },
      name,
      element('span', { class: 'tile-value' }, value, unit),
      age,
    );
    button.disabled = !isDrawable(field);
    button.addEventListener('click', () => this.#onPress(field));
    this.#host.append(button);
    const tile = { button, name, value, unit, age };
    this.#tiles.set(key, tile);
    return tile;
  }
}

/** Text has no place on a scale. */
export function isDrawable({ value }: Pick<NewestField, 'value'>): boolean {
  return typeof value !== 'string';
}
