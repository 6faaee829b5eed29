/**
 * A real InfluxDB 1.x for tests: its own directory under the system's temporary one, free loopback ports, and no reports
 * to anywhere. It keeps its port and its data over `kill` and `restart`, so that a test can take the store away and give
 * it back.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.js';

export interface InfluxdSettings {
  /** Larger bodies get 413. */
  maxBodyBytes?: number;
  /** Whether a user and password are asked for. */
  authentication?: boolean;
  /** Where its data lies, which is not removed; a directory of its own unless given. */
  directory?: string;
}

const startWithinMs = 30_000;
const stopWithinMs = 10_000;
const portAttempts = 3;

export class Influxd {
  url = '';
  readonly #settings: InfluxdSettings;
  #directory = '';
  #process: ChildProcess | undefined;
  #output = '';

  constructor(settings: InfluxdSettings = {}) {
    this.#settings = settings;
  }

  async start(): Promise<this> {
    this.#directory = this.#settings.directory ?? (await mkdtemp(path.join(tmpdir(), 'inlet-influxd-')));
    for (let attempt = 1; ; attempt++) {
      try {
        const port = await freePort();
        this.url = `http://127.0.0.1:${port}`;
        await writeFile(this.#configFile, configuration(this.#directory, port, this.#settings));
        await this.#run();
        return this;
      } catch (error) {
        // Between finding the port and using it somebody else may have taken it.
        if (attempt === portAttempts) throw error;
      }
    }
  }

  /** Ends it in good order and removes its data. */
  async stop(): Promise<void> {
    this.resume();
    await this.#end('SIGTERM');
    if (this.#settings.directory !== undefined) return;
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** kill -9; the data stays. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Starts it again after `kill`, with the same address and data. */
  async restart(): Promise<void> {
    await this.#end('SIGKILL');
    await this.#run();
  }

  /** It keeps its connections and answers nothing. Its threads stop one after the other. */
  async pause(): Promise<void> {
    if (!this.#process) return;
    const { pid } = this.#process;
    this.#process.kill('SIGSTOP');
    while (!(await isStopped(pid!))) await delay(5);
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Runs InfluxQL on it past everything of ours. @returns the parsed answer */
  async query(text: string, database?: string): Promise<unknown> {
    const parameters = new URLSearchParams({ q: text, ...(database === undefined ? {} : { db: database }) });
    const response = await fetch(`${this.url}/query`, { method: 'POST', body: parameters });
    return response.json();
  }

  /** Writes line protocol to it past everything of ours. */
  async write(lines: string, database: string): Promise<void> {
    const response = await fetch(`${this.url}/write?db=${encodeURIComponent(database)}`, {
      method: 'POST',
      body: lines,
    });
    if (response.status !== 204)
      throw new Error(`influxd took the lines with ${response.status}: ${await response.text()}`);
  }

  get #configFile(): string {
    return path.join(this.#directory, 'influxd.conf');
  }

  async #run(): Promise<void> {
    const child = spawn('influxd', ['-config', this.#configFile], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    this.#output = '';
    // A test that ends by an error must not leave a server behind.
    const killIt = () => child.kill('SIGKILL');
    process.once('exit', killIt);
    child.once('exit', () => process.off('exit', killIt));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-10_000);
      });
    }
    await this.#untilItAnswers(child);
  }

  async #untilItAnswers(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + startWithinMs;
    while (Date.now() < deadline) {
      if (child.exitCode !== null) throw new Error(`influxd ended with ${child.exitCode}:\n${this.#output}`);
      if (await answersPing(this.url)) return;
      await delay(25);
    }
    throw new Error(`influxd did not answer within ${startWithinMs} ms:\n${this.#output}`);
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
    await ended;
    clearTimeout(timer);
  }
}

/**
 * Whether this machine has no `influxd`; then it is said loudly that a suite did not run. Where `CI` is set that is an
 * error: a suite that never runs proves nothing.
 */
export function influxdIsMissing(suite: string): boolean {
  if (spawnSync('influxd', ['version']).status === 0) return false;
  const message = `${suite} DID NOT RUN: there is no influxd (1.x) on this machine`;
  if (process.env['CI']) throw new Error(message);
  process.stderr.write(`\n!!! ${message}\n\n`);
  return true;
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

function configuration(directory: string, port: number, settings: InfluxdSettings): string {
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
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
  auth-enabled = ${settings.authentication ?? false}
  max-body-size = ${settings.maxBodyBytes ?? 25_000_000}
[continuous_queries]
  enabled = false
`;
}
