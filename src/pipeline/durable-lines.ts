/** A record that is durable now, for the live feed. It becomes text only when somebody looks at it. */
import type { DurableReadings } from '../ports/feed.js';

export class DurableLines implements DurableReadings {
  readonly position: number;
  readonly count: number;
  readonly bytes: Buffer;
  #text: string | undefined;

  constructor(position: number, count: number, bytes: Buffer) {
    this.position = position;
    this.count = count;
    this.bytes = bytes;
  }

  get payload(): string {
    return (this.#text ??= this.bytes.toString('utf8'));
  }
}
