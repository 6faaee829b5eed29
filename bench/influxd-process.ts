/** A real InfluxDB 1.x under measurement, on data of its own. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const answersWithinMs = 30_000;
const askEveryMs = 50;

export function hasInfluxd(): boolean {
  return spawnSync('influxd', ['version']).status === 0;
}

export class InfluxdProcess {
  readonly #directory: string;
  readonly #kill = () => void this.#process?.kill('SIGKILL');
  #process: ChildProcess | undefined;
  url = '';

  constructor(directory: string) {
    this.#directory = directory;
  }

  async start(): Promise<void> {
    // Started again it has the address that it had.
    if (this.url === '') this.url = `http://127.0.0.1:${await freePort()}`;
    const address = new URL(this.url).host;
    mkdirSync(this.#directory, { recursive: true });
    const file = path.join(this.#directory, 'influxd.conf');
    writeFileSync(file, configuration(this.#directory, address));
    this.#process = spawn('influxd', ['-config', file], { stdio: 'ignore' });
    // Nothing outlives a benchmark that is interrupted.
    process.on('exit', this.#kill);
    for (let waitedMs = 0; waitedMs < answersWithinMs; waitedMs += askEveryMs) {
      if (await this.#answers()) return;
      await pause(askEveryMs);
    }
    throw new Error('influxd did not answer');
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child?.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    process.off('exit', this.#kill);
  }

  async #answers(): Promise<boolean> {
    return fetch(`${this.url}/ping`).then(
      ({ status }) => status === 204,
      () => false,
    );
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function configuration(directory: string, address: string): string {
  return `
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "${directory}/meta"
[data]
  dir = "${directory}/data"
  wal-dir = "${directory}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "${address}"
  log-enabled = false
[continuous_queries]
  enabled = false
`;
}
