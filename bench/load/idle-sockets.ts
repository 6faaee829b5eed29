/** Many WebSockets that are opened and then say nothing. Raw sockets, so that what holds them costs the machine little. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';

/** Handshakes under way at once: fewer than a listening socket keeps waiting. */
const handshakesAtOnce = 200;
/** Connections from one address: a pair of addresses has some 28,000 ports, and closed ones stay taken for a while. */
const perAddress = 5_000;
const handshakeTimeoutMs = 30_000;
/** One for all of them: what is read is looked at before anything else is read. */
const readBytes = Buffer.allocUnsafe(64 * 1024);

/** The answer to the handshake, which comes in one piece. */
class Opening {
  #answer: string | undefined;
  #isHere: () => void = () => undefined;

  take(bytes: Buffer): void {
    if (this.#answer !== undefined) return;
    this.#answer = bytes.toString('latin1');
    this.#isHere();
  }

  /** @throws when the socket does not become a WebSocket */
  async of(socket: Socket): Promise<void> {
    const over = new AbortController();
    const ended = once(socket, 'close', over);
    await Promise.race([ended, new Promise<void>((resolve) => (this.#isHere = resolve))]);
    // What goes wrong with it later is for nobody to pass over.
    over.abort();
    if (!this.#answer?.startsWith('HTTP/1.1 101 ')) throw new Error(`no upgrade: ${this.#answer ?? 'it was closed'}`);
  }
}

export class IdleSockets {
  readonly #url: URL;
  readonly #path: string;
  readonly #taking: (() => (bytes: Buffer) => void) | undefined;
  readonly #sockets: Socket[] = [];

  /**
   * @param path of the WebSocket, with its query
   * @param taking makes for each socket what gets all that comes, the answer to the handshake too; without it that is forgotten
   */
  constructor(url: string, path: string, taking?: () => (bytes: Buffer) => void) {
    this.#url = new URL(url);
    this.#path = path;
    this.#taking = taking;
  }

  get count(): number {
    return this.#sockets.length;
  }

  async open(count: number): Promise<void> {
    for (let opened = 0; opened < count; opened += handshakesAtOnce) {
      const batch = Math.min(handshakesAtOnce, count - opened);
      this.#sockets.push(...(await Promise.all(Array.from({ length: batch }, async (_, k) => this.#one(opened + k)))));
    }
  }

  async #one(index: number): Promise<Socket> {
    const opening = new Opening();
    const take = this.#taking?.();
    const socket = connect({
      host: this.#url.hostname,
      port: Number(this.#url.port),
      localAddress: `127.0.0.${2 + Math.floor(index / perAddress)}`,
      // A stream of chunks would cost each of them memory of its own, and as much time again as it takes to read it.
      onread: {
        buffer: readBytes,
        callback: (count, buffer) => {
          const bytes = (buffer as Buffer).subarray(0, count);
          opening.take(bytes);
          take?.(bytes);
          return true;
        },
      },
    });
    socket.setTimeout(handshakeTimeoutMs, () => socket.destroy(new Error('no upgrade in time')));
    socket.write(
      `GET ${this.#path} HTTP/1.1\r\nHost: ${this.#url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
    await opening.of(socket);
    socket.setTimeout(0);
    return socket;
  }

  /** Leaves everything unread from here on. */
  pause(): void {
    for (const socket of this.#sockets) socket.pause();
  }

  /** Cuts them all, so that no port stays taken. */
  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.resetAndDestroy();
  }
}
