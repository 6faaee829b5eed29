/**
 * Stands before a server as a network does. While it holds, it takes in whatever comes and lets nothing through; what a
 * client sent before it lost patience can be let go later, to arrive when nobody waits for it any more.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class HoldingProxy {
  isHolding = false;
  readonly #target: URL;
  readonly #held: Buffer[] = [];
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(target: string) {
    this.#target = new URL(target);
  }

  get url(): string {
    const address = this.#server?.address();
    return typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : '';
  }

  get heldBytes(): number {
    return this.#held.reduce((bytes, { length }) => bytes + length, 0);
  }

  async start(): Promise<this> {
    this.#server = createServer((client) => {
      this.#watch(client);
      const server = this.#connect();
      client.on('data', (chunk) => (this.isHolding ? this.#held.push(chunk) : server.write(chunk)));
      server.on('data', (chunk) => client.write(chunk));
      client.on('close', () => server.destroy());
      server.on('close', () => client.destroy());
    }).listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  /** Sends what was held to the server. @returns its answer */
  async letGo(): Promise<string> {
    const server = this.#connect();
    server.write(Buffer.concat(this.#held.splice(0)));
    const [answer] = (await once(server, 'data')) as [Buffer];
    server.destroy();
    return answer.toString('latin1');
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server?.close();
    if (this.#server) await once(this.#server, 'close');
  }

  #connect(): Socket {
    const socket = connect(Number(this.#target.port), this.#target.hostname);
    this.#watch(socket);
    return socket;
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // Who goes away in the middle is what this is about.
    socket.on('error', () => socket.destroy());
  }
}
