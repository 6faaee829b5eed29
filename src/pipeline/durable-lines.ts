/**
 * A record that is durable now, for the live feed. It becomes text only when somebody looks at it, which is as long as it is
 * being published: then its memory is used again.
 */
import type { DurableReadings } from '../ports/feed.js';

export class DurableLines implements DurableReadings {
  readonly position: number;
  readonly count: number;
  #bytes: Buffer | undefined;
  #text: string | undefined;

  constructor(position: number, count: number, bytes: Buffer) {
    this.position = position;
    this.count = count;
    this.#bytes = bytes;
  }

  get bytes(): Buffer {
    if (!this.#bytes) throw new Error('these readings were published, and their memory is used again');
    return this.#bytes;
  }

  get payload(): string {
    return (this.#text ??= this.bytes.toString('utf8'));
  }

  published(): void {
    this.#bytes = undefined;
  }
}
