/**
 * A socket whose packets are bounded before anybody gathers them. MQTT tells the length of a packet in its first bytes
 * (MQTT 3.1.1 §2.2.3: a byte of type and flags, then up to four of 7 bits each, the low ones first); one that is too
 * long ends the connection there, when none of its content has been kept.
 */
import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

export class FramedConnection extends Duplex {
  readonly #socket: Socket;
  readonly #lengths: PacketLengths;
  readonly #onTooLarge: () => void;

  constructor(socket: Socket, maxPacketBytes: number, onTooLarge: () => void) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#lengths = new PacketLengths(maxPacketBytes);
    this.#onTooLarge = onTooLarge;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  #take(chunk: Buffer): void {
    if (!this.#lengths.allow(chunk)) {
      this.#onTooLarge();
      this.destroy();
    } else if (!this.push(chunk)) {
      this.#socket.pause();
    }
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}

const lengthBytes = 4;

/** Follows the packets of one direction, chunk by chunk. */
export class PacketLengths {
  readonly #maxBytes: number;
  /** Content of the packet at hand that has not come yet. */
  #missing = 0;
  /** Bytes of its length that have come; -1 before the first byte of a packet. */
  #lengthRead = -1;
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether no packet that begins in it is longer than the bound, or has a length that is none. */
  allow(chunk: Uint8Array): boolean {
    for (let at = 0; at < chunk.length;) {
      if (this.#missing > 0) {
        const passed = Math.min(this.#missing, chunk.length - at);
        this.#missing -= passed;
        at += passed;
      } else if (this.#lengthRead < 0) {
        this.#lengthRead = this.#length = 0;
        at++;
      } else {
        const byte = chunk[at++]!;
        this.#length += (byte & 0x7f) * 128 ** this.#lengthRead++;
        if (byte < 0x80) {
          if (this.#length > this.#maxBytes) return false;
          this.#missing = this.#length;
          this.#lengthRead = -1;
        } else if (this.#lengthRead === lengthBytes) {
          return false;
        }
      }
    }
    return true;
  }
}
