/**
 * What one connection sends, made once and sent round and round, so that the load costs next to nothing beside the server
 * on the same machine. Before each sending the times (and the frame's number) are written anew, digit by digit, in place.
 *
 * A connection is a gateway with devices of its own: so each device's times rise whatever order the connections are
 * served in. It sends them in turn, a step of time for each round.
 */
import { deviceCount, firstTimeMs, readingText, stepMs, timeDigits } from '../shape.js';

/** A batch as it goes over the wire. */
export interface Wrapped {
  bytes: Buffer;
  /** Where the batch begins in them. */
  bodyAt: number;
  /** Four bytes that the batch is XORed with (RFC 6455 §5.3); zeros where it is not. */
  mask: Uint8Array;
}

export interface RingOptions {
  connection: number;
  connections: number;
  /** Readings in a message. */
  batch: number;
  /** Messages that may be under way at the same time: they must not be written anew. */
  inFlight: number;
  /** Puts the protocol around a batch. */
  wrap: (readings: string[]) => Wrapped;
  /** The number in the first message, for messages that are numbered: `seqDigits` digits behind `"seq":`. */
  firstSeq?: number;
  /** The first time of each device. */
  fromMs?: number | undefined;
}

export const seqDigits = 10;

interface Message {
  start: number;
  end: number;
  bodyAt: number;
  mask: Uint8Array;
  /** Where the digits of each time begin, and those of the number. */
  timesAt: Uint32Array;
  seqAt: number;
}

export class MessageRing {
  readonly #options: RingOptions;
  readonly #devices: number[] = [];
  readonly #bytes: Buffer;
  readonly #messages: Message[] = [];
  readonly #digits = new Uint8Array(timeDigits);
  #sent = 0;

  constructor(options: RingOptions) {
    this.#options = options;
    for (let at = options.connection; at < deviceCount; at += options.connections) this.#devices.push(at);
    const wrapped = Array.from({ length: this.#length() }, (_, index) => options.wrap(this.#readings(index)));
    this.#bytes = Buffer.concat(wrapped.map(({ bytes }) => bytes));
    let start = 0;
    for (const one of wrapped) {
      this.#messages.push(this.#survey(one, start));
      start += one.bytes.length;
    }
  }

  /** The next `count` messages, as few pieces: neighbours lie side by side. */
  take(count: number): Buffer[] {
    const { length } = this.#messages;
    const first = this.#sent % length;
    for (let index = 0; index < count; index++) this.#putForward(this.#sent++);
    const last = first + count - 1;
    if (last < length) return [this.#piece(first, last)];
    return [this.#piece(first, length - 1), this.#piece(0, last - length)];
  }

  #piece(first: number, last: number): Buffer {
    return this.#bytes.subarray(this.#messages[first]!.start, this.#messages[last]!.end);
  }

  /** As many as it takes until a message begins with the first device again, and one for each that is under way. */
  #length(): number {
    const { batch, inFlight } = this.#options;
    const round = this.#devices.length / greatestCommonDivisor(this.#devices.length, batch);
    return round * Math.ceil(inFlight / round);
  }

  #readings(message: number): string[] {
    const { batch } = this.#options;
    return Array.from({ length: batch }, (_, index) => {
      const at = message * batch + index;
      return readingText(this.#devices[at % this.#devices.length]!, at, firstTimeMs);
    });
  }

  #survey({ bytes, bodyAt, mask }: Wrapped, start: number): Message {
    const plain = unmasked(bytes, bodyAt, mask);
    const timesAt: number[] = [];
    for (let at = plain.indexOf('"ts":', bodyAt); at >= 0; at = plain.indexOf('"ts":', at + 1)) {
      timesAt.push(start + at + '"ts":'.length);
    }
    const seqAt = start + plain.indexOf('"seq":', bodyAt) + '"seq":'.length;
    const end = start + bytes.length;
    return { start, end, bodyAt: start + bodyAt, mask, timesAt: Uint32Array.from(timesAt), seqAt };
  }

  #putForward(sent: number): void {
    const { batch, firstSeq, fromMs } = this.#options;
    const message = this.#messages[sent % this.#messages.length]!;
    if (firstSeq !== undefined) this.#write(message, message.seqAt, seqDigits, firstSeq + sent);
    const devices = this.#devices.length;
    let step = -1;
    for (let index = 0; index < batch; index++) {
      const wanted = Math.floor((sent * batch + index) / devices);
      if (wanted === step) {
        this.#writeDigits(message, message.timesAt[index]!, timeDigits);
      } else {
        step = wanted;
        this.#write(message, message.timesAt[index]!, timeDigits, (fromMs ?? firstTimeMs) + step * stepMs);
      }
    }
  }

  #write(message: Message, at: number, width: number, number: number): void {
    let rest = number;
    for (let index = width - 1; index >= 0; index--) {
      const tenth = Math.floor(rest / 10);
      this.#digits[index] = 48 + rest - tenth * 10;
      rest = tenth;
    }
    this.#writeDigits(message, at, width);
  }

  #writeDigits({ bodyAt, mask }: Message, at: number, width: number): void {
    for (let index = 0; index < width; index++) {
      this.#bytes[at + index] = this.#digits[index]! ^ mask[(at + index - bodyAt) & 3]!;
    }
  }
}

function unmasked(bytes: Buffer, bodyAt: number, mask: Uint8Array): string {
  const copy = Buffer.from(bytes);
  for (let at = bodyAt; at < copy.length; at++) copy[at] = copy[at]! ^ mask[(at - bodyAt) & 3]!;
  return copy.toString('latin1');
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
