/** A place in the feed: of each instance that feeds it, how many readings came before. It does not change. */
import { encodeCursor, type FeedPosition } from './cursor.js';

export class Place {
  readonly positions: FeedPosition;
  #cursor: string | undefined;

  constructor(positions: FeedPosition) {
    this.positions = positions;
  }

  static of(instance: string, position: number): Place {
    return new Place(new Map([[instance, position]]));
  }

  /** As clients have it. */
  get cursor(): string {
    return (this.#cursor ??= encodeCursor(this.positions));
  }

  /** @returns undefined for an instance that does not feed it */
  at(instance: string): number | undefined {
    return this.positions.get(instance);
  }

  with(instance: string, position: number): Place {
    return new Place(new Map(this.positions).set(instance, position));
  }

  /** This place, or the other one's positions where those are further. */
  orBeyond(other: Place): Place {
    const positions = new Map(this.positions);
    for (const [name, position] of other.positions)
      if (position > (positions.get(name) ?? -1)) positions.set(name, position);
    return new Place(positions);
  }

  without(instance: string): Place {
    return new Place(new Map([...this.positions].filter(([name]) => name !== instance)));
  }
}
