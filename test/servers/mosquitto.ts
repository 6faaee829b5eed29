/**
 * A real Mosquitto for tests, with the settings that we recommend (deploy/mosquitto.conf) but for its address and directory.
 * It keeps both over `stop` and `start`, so that a test can take the broker away and give it back.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { freePort } from './free-port.js';

const recommended = new URL('../../../deploy/mosquitto.conf', import.meta.url);
const startWithinMs = 20_000;
const stopWithinMs = 10_000;

export interface MosquittoSettings {
  /** Lines in the place of `allow_anonymous true`, as passwords want. DIRECTORY stands for the broker's own. */
  access?: string[];
  files?: Record<string, string>;
  /** Lines of the listener, as TLS wants. */
  listener?: string[];
}

/** A broker that runs until the test is over. */
export async function startMosquitto(t: Test, settings: MosquittoSettings = {}): Promise<Mosquitto> {
  const mosquitto = new Mosquitto(settings);
  t.teardown(() => mosquitto.end());
  await mosquitto.start();
  return mosquitto;
}

export class Mosquitto {
  readonly #settings: MosquittoSettings;
  #directory = '';
  #port = 0;
  #process: ChildProcess | undefined;
  #output = '';

  constructor(settings: MosquittoSettings = {}) {
    this.#settings = settings;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    if (this.#directory === '') await this.#configure();
    const child = spawn('mosquitto', ['-c', path.join(this.#directory, 'mosquitto.conf')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    // A test that ends by an error must not leave a server behind.
    const killIt = () => child.kill('SIGKILL');
    process.once('exit', killIt);
    child.once('exit', () => process.off('exit', killIt));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-10_000);
      });
    }
    const deadline = Date.now() + startWithinMs;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`mosquitto did not start:\n${this.#output}`);
      await delay(20);
    }
  }

  /** In good order: it writes down its sessions and what waits in them. */
  async stop(): Promise<void> {
    await this.#stop('SIGTERM');
  }

  async kill9(): Promise<void> {
    await this.#stop('SIGKILL');
  }

  async end(): Promise<void> {
    await this.#stop('SIGKILL');
    if (this.#directory !== '') await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async #configure(): Promise<void> {
    this.#directory = await mkdtemp(path.join(tmpdir(), 'inlet-mosquitto-'));
    this.#port = await freePort();
    const { access = ['allow_anonymous true'], files = {}, listener = [] } = this.#settings;
    for (const [name, content] of Object.entries(files)) await writeFile(path.join(this.#directory, name), content);
    const lines = (await readFile(recommended, 'utf8'))
      .split('\n')
      .filter((line) => !/^(listener|persistence_location|log_dest|allow_anonymous|password_file)\b/.test(line));
    const own = [
      `user ${userInfo().username}`,
      `listener ${this.#port} 127.0.0.1`,
      ...listener,
      `persistence_location ${this.#directory}/`,
      'log_dest stderr',
      ...access,
    ];
    const text = [...lines, ...own].join('\n').replaceAll('DIRECTORY', this.#directory);
    await writeFile(path.join(this.#directory, 'mosquitto.conf'), `${text}\n`);
  }

  async #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.#port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
  }

  async #stop(signal: NodeJS.Signals): Promise<void> {
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
 * Whether this machine has no `mosquitto`; then it is said loudly that a suite did not run. Where `CI` is set that is an
 * error: a suite that never runs proves nothing.
 */
export function mosquittoIsMissing(suite: string): boolean {
  if (spawnSync('mosquitto', ['-h']).error === undefined) return false;
  const message = `${suite} DID NOT RUN: there is no mosquitto on this machine`;
  if (process.env['CI']) throw new Error(message);
  process.stderr.write(`\n!!! ${message}\n\n`);
  return true;
}
