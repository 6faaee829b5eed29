/**
 * A real Mosquitto with the settings that we recommend (deploy/mosquitto.conf) but for its address and directory. It keeps
 * both over `stop` and `start`, so that the broker can be taken away and given back.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { ForeignProcess, takesConnections } from './foreign-process.js';
import { freePort } from './free-port.js';

const recommended = new URL('../../../deploy/mosquitto.conf', import.meta.url);

export interface MosquittoSettings {
  /** Lines in the place of `allow_anonymous true`, as passwords want. DIRECTORY stands for the broker's own. */
  access?: string[];
  files?: Record<string, string>;
  /** Lines of the listener, as TLS wants. */
  listener?: string[];
}

export function hasMosquitto(): boolean {
  return spawnSync('mosquitto', ['-h']).error === undefined;
}

export class MosquittoProcess {
  readonly #directory: string;
  readonly #settings: MosquittoSettings;
  readonly #process = new ForeignProcess('mosquitto');
  #port = 0;

  constructor(directory: string, settings: MosquittoSettings = {}) {
    this.#directory = directory;
    this.#settings = settings;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    if (this.#port === 0) await this.#configure();
    await this.#process.start(['-c', this.#configFile], () => takesConnections(this.#port));
  }

  /** In good order: it writes down its sessions and what waits in them. */
  async stop(): Promise<void> {
    await this.#process.end('SIGTERM');
  }

  async kill9(): Promise<void> {
    await this.#process.end('SIGKILL');
  }

  get #configFile(): string {
    return path.join(this.#directory, 'mosquitto.conf');
  }

  async #configure(): Promise<void> {
    this.#port = await freePort();
    await mkdir(this.#directory, { recursive: true });
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
    await writeFile(this.#configFile, `${text}\n`);
  }
}
