/** Stands between a client and a server and counts the bytes of their TCP connections, in each direction. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';

export class CountingProxy {
  readonly #target: URL;
  #server: Server | undefined;
  /** From clients to the server, and back. */
  sent = 0;
  answered = 0;

  constructor(target: string) {
    this.#target = new URL(target);
  }

  /** The target's address, with the proxy's port. */
  get url(): string {
    const url = new URL(this.#target);
    url.port = String((this.#server!.address() as AddressInfo).port);
    return url.href;
  }

  async start(): Promise<void> {
    this.#server = createServer((client) => {
      const server = connect(Number(this.#target.port), this.#target.hostname);
      client.on('data', (bytes) => (this.sent += bytes.length));
      server.on('data', (bytes) => (this.answered += bytes.length));
      client.pipe(server).pipe(client);
      client.on('error', () => server.destroy());
      server.on('error', () => client.destroy());
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    if (!this.#server) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}
