/**
 * A real InfluxDB 1.x as a process of its own: on a free loopback port, on the data of one directory, and without reports to
 * anywhere. It keeps its port and its data over `kill` and `restart`, so that the store can be taken away and given back.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ForeignProcess } from './foreign-process.js';
import { freePort } from './free-port.js';

export interface InfluxdOptions {
  /** Larger bodies get 413. */
  maxBodyBytes?: number;
  /** Whether a user and password are asked for. */
  authentication?: boolean;
}

const portAttempts = 3;

export function hasInfluxd(): boolean {
  return spawnSync('influxd', ['version']).status === 0;
}

export class InfluxdProcess {
  url = '';
  readonly #directory: string;
  readonly #options: InfluxdOptions;
  readonly #process = new ForeignProcess('influxd');

  constructor(directory: string, options: InfluxdOptions = {}) {
    this.#directory = directory;
    this.#options = options;
  }

  async start(): Promise<this> {
    await mkdir(this.#directory, { recursive: true });
    for (let attempt = 1; ; attempt++) {
      try {
        // Started again it has the address that it had.
        const url = this.url === '' ? `http://127.0.0.1:${await freePort()}` : this.url;
        await writeFile(this.#configFile, configuration(this.#directory, new URL(url).host, this.#options));
        await this.#run(url);
        this.url = url;
        return this;
      } catch (error) {
        // Between finding the port and using it somebody else may have taken it.
        if (attempt === portAttempts) throw error;
      }
    }
  }

  /** Ends it in good order; the data stays. */
  async stop(): Promise<void> {
    this.resume();
    await this.#process.end('SIGTERM');
  }

  /** kill -9; the data stays. */
  async kill(): Promise<void> {
    await this.#process.end('SIGKILL');
  }

  /** Starts it again, also after `kill`, with the same address and data. */
  async restart(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    await this.#process.end(signal);
    await this.#run(this.url);
  }

  /** It keeps its connections and answers nothing. Its threads stop one after the other. */
  async pause(): Promise<void> {
    this.#process.signal('SIGSTOP');
    while (!(await isStopped(this.#process.pid))) await pause(5);
  }

  resume(): void {
    this.#process.signal('SIGCONT');
  }

  get #configFile(): string {
    return path.join(this.#directory, 'influxd.conf');
  }

  async #run(url: string): Promise<void> {
    await this.#process.start(['-config', this.#configFile], () => answersPing(url));
  }
}

/** Whether all of its threads are in state T. */
async function isStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`);
  const states = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8')));
  // The state is behind the name, which is in parentheses.
  return states.every((stat) => stat.slice(stat.lastIndexOf(')') + 2).startsWith('T'));
}

async function answersPing(url: string): Promise<boolean> {
  return fetch(`${url}/ping`, { signal: AbortSignal.timeout(1000) }).then(
    (response) => response.status === 204,
    () => false,
  );
}

function configuration(directory: string, address: string, options: InfluxdOptions): string {
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
  auth-enabled = ${options.authentication ?? false}
  max-body-size = ${options.maxBodyBytes ?? 25_000_000}
[continuous_queries]
  enabled = false
`;
}
