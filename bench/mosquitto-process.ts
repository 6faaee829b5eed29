/** A real Mosquitto under measurement, with the settings that we recommend. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './influxd-process.js';

const recommended = new URL('../../deploy/mosquitto.conf', import.meta.url);
const answersWithinMs = 30_000;
const askEveryMs = 50;

export function hasMosquitto(): boolean {
  return spawnSync('mosquitto', ['-h']).error === undefined;
}

export class MosquittoProcess {
  readonly #directory: string;
  readonly #kill = () => void this.#process?.kill('SIGKILL');
  #process: ChildProcess | undefined;
  #port = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#port = await freePort();
    mkdirSync(this.#directory, { recursive: true });
    const own = [`user ${userInfo().username}`, `listener ${this.#port} 127.0.0.1`, 'allow_anonymous true'];
    const ours = readFileSync(recommended, 'utf8')
      .split('\n')
      .filter((line) => !/^(listener|persistence_location|allow_anonymous|password_file)\b/.test(line));
    const file = path.join(this.#directory, 'mosquitto.conf');
    writeFileSync(file, [...ours, ...own, `persistence_location ${this.#directory}/`, ''].join('\n'));
    this.#process = spawn('mosquitto', ['-c', file], { stdio: 'ignore' });
    // Nothing outlives a benchmark that is interrupted.
    process.on('exit', this.#kill);
    for (let waitedMs = 0; waitedMs < answersWithinMs; waitedMs += askEveryMs) {
      if (await this.#answers()) return;
      await pause(askEveryMs);
    }
    throw new Error('mosquitto did not answer');
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
    const socket = connect(this.#port, '127.0.0.1');
    return new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    }).finally(() => socket.destroy()) as Promise<boolean>;
  }
}
