/**
 * What this instance accepts, on its way to the others: all of a turn of the event loop in one message. Nothing waits here
 * for a broker that is away, or that is slow: the others see by the positions that they lack something, and fetch it.
 */
import type { DurableReadings, Feed } from '../../ports/feed.js';
import type { BusCounts } from './counts.js';
import { cutLines } from './lines.js';
import { encodeStretch, messageBytes, type Stretch } from './message.js';

/** Of what was published, since that goes away. */
interface Copied extends Stretch {
  lines: Buffer;
}

export class Outgoing implements Feed {
  readonly #send: (payload: Buffer) => boolean;
  readonly #counts: BusCounts;
  #gathered: Copied[] = [];
  #bytes = 0;
  #flushing: NodeJS.Immediate | undefined;

  /** @param send returns whether somebody gets it */
  constructor(send: (payload: Buffer) => boolean, counts: BusCounts) {
    this.#send = send;
    this.#counts = counts;
  }

  publish(readings: DurableReadings): void {
    const { position, count, bytes } = readings;
    if (this.#bytes + bytes.length > messageBytes) this.flush();
    this.#gathered.push({ from: position, count, lines: Buffer.from(bytes) });
    this.#bytes += bytes.length;
    this.#flushing ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const gathered = this.#gathered;
    if (gathered.length === 0) return;
    this.#gathered = [];
    const isLarge = this.#bytes > messageBytes;
    this.#bytes = 0;
    // One that is too large for a message is alone.
    if (isLarge) return this.#sendInParts(gathered[0]!);
    const { from } = gathered[0]!;
    const last = gathered.at(-1)!;
    this.#sendOne(
      from,
      last.from + last.count - from,
      gathered.map(({ lines }) => lines),
    );
  }

  #sendInParts({ from, lines }: Copied): void {
    for (const part of cutLines(from, lines.toString('utf8'))) this.#sendOne(part.from, part.count, [part.lines]);
  }

  #sendOne(from: number, count: number, lines: readonly Uint8Array[]): void {
    if (this.#send(encodeStretch({ from, count }, lines))) this.#counts.published += count;
    else this.#counts.unsent += count;
  }
}
