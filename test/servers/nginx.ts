/** nginx with deploy/nginx.conf before a service, on a port of its own. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { freePort } from './free-port.js';

const recommended = new URL('../../../deploy/nginx.conf', import.meta.url);
const program = '/usr/sbin/nginx';
const startWithinMs = 20_000;

/** One that runs until the test is over. @param service what is behind it */
export async function startNginx(t: Test, service: string): Promise<Nginx> {
  const nginx = new Nginx();
  t.teardown(() => nginx.end());
  await nginx.start(service);
  return nginx;
}

export class Nginx {
  #directory = '';
  #port = 0;
  #process: ChildProcess | undefined;
  #output = '';

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(service: string): Promise<void> {
    await this.#configure(service);
    const child = spawn(program, ['-p', this.#directory, '-c', 'nginx.conf', '-e', 'stderr'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = child;
    // A test that ends by an error must not leave a server behind.
    const killIt = () => child.kill('SIGTERM');
    process.once('exit', killIt);
    child.once('exit', () => process.off('exit', killIt));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-10_000);
    });
    const deadline = Date.now() + startWithinMs;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`nginx did not start:\n${this.#output}`);
      await delay(20);
    }
  }

  /** New workers take what is new; the old ones keep what they have. @returns when they have done so */
  async reload(): Promise<void> {
    const { pid } = this.#process!;
    const before = workersOf(pid!);
    this.#process!.kill('SIGHUP');
    const deadline = Date.now() + startWithinMs;
    while (!workersOf(pid!).some((worker) => !before.includes(worker))) {
      if (Date.now() > deadline) throw new Error(`nginx did not reload:\n${this.#output}`);
      await delay(20);
    }
  }

  async end(): Promise<void> {
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    if (this.#directory !== '') await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async #configure(service: string): Promise<void> {
    this.#directory = await mkdtemp(path.join(tmpdir(), 'inlet-nginx-'));
    this.#port = await freePort();
    const site = (await readFile(recommended, 'utf8'))
      .replace('listen 127.0.0.1:80;', `listen 127.0.0.1:${this.#port};`)
      .replace('server 127.0.0.1:8080;', `server ${new URL(service).host};`);
    await writeFile(path.join(this.#directory, 'inlet.conf'), site);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const main = [
      // Only root may name another user, and nobody else needs to.
      ...(userInfo().uid === 0 ? ['user root;'] : []),
      'daemon off; worker_processes 1; pid nginx.pid; error_log stderr;',
      'events {}',
      'http {',
      'access_log off;',
      ...temporary.map((name) => `${name}_temp_path temporary-${name};`),
      'include inlet.conf;',
      '}',
    ];
    await writeFile(path.join(this.#directory, 'nginx.conf'), `${main.join('\n')}\n`);
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
}

function workersOf(pid: number): string[] {
  const { stdout } = spawnSync('cat', [`/proc/${pid}/task/${pid}/children`], { encoding: 'utf8' });
  return stdout.split(' ').filter((one) => one !== '');
}

/**
 * Whether this machine has no nginx; then it is said loudly that a suite did not run. Where `CI` is set that is an error:
 * a suite that never runs proves nothing.
 */
export function nginxIsMissing(suite: string): boolean {
  if (spawnSync(program, ['-v']).error === undefined) return false;
  const message = `${suite} DID NOT RUN: there is no nginx on this machine`;
  if (process.env['CI']) throw new Error(message);
  process.stderr.write(`\n!!! ${message}\n\n`);
  return true;
}
