/**
 * One process for a directory. Node has no flock; a listening socket named after the directory does the same: the
 * second process is refused, and the kernel lets go of the name when its owner dies, however it dies.
 */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export class DirectoryLock {
  readonly #directory: string;
  #server: Server | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws when another process holds it */
  async take(): Promise<void> {
    const name = createHash('sha256').update(realpathSync(this.#directory)).digest('hex').slice(0, 32);
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const taken = error.code === 'EADDRINUSE';
        reject(taken ? new Error(`${this.#directory} is in use by another Inlet process`) : error);
      });
      server.listen(socketPath(name), resolve);
    });
    server.unref();
    this.#server = server;
  }

  async release(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server) await new Promise((resolve) => server.close(resolve));
  }
}

/** Linux has abstract sockets, which leave no file behind; elsewhere one that was left behind has to be removed by hand. */
function socketPath(name: string): string {
  if (process.platform === 'linux') return `\0inlet-${name}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\inlet-${name}` : path.join(tmpdir(), `inlet-${name}.sock`);
}
