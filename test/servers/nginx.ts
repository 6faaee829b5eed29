/** nginx with deploy/nginx.conf before one service or several, on a port of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { ForeignProcess, takesConnections } from '../../bench/servers/foreign-process.js';
import { freePort } from '../../bench/servers/free-port.js';
import { isMissing } from './missing.js';

const recommended = new URL('../../../deploy/nginx.conf', import.meta.url);
const program = '/usr/sbin/nginx';
const reloadWithinMs = 20_000;

/** One that runs until the test is over. @param services what is behind it */
export async function startNginx(
  t: Test,
  services: string | readonly string[],
  oldWorkersSeconds?: number,
): Promise<Nginx> {
  const nginx = new Nginx(oldWorkersSeconds);
  t.teardown(() => nginx.end());
  await nginx.start([services].flat());
  return nginx;
}

export class Nginx {
  readonly #process = new ForeignProcess(program, 'SIGTERM');
  readonly #oldWorkersSeconds: number | undefined;
  #directory = '';
  #port = 0;

  /** @param oldWorkersSeconds how long old workers may keep connections after a reload; for ever when it is left out */
  constructor(oldWorkersSeconds?: number) {
    this.#oldWorkersSeconds = oldWorkersSeconds;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(services: readonly string[]): Promise<void> {
    await this.#configure(services);
    const commandLine = ['-p', this.#directory, '-c', 'nginx.conf', '-e', 'stderr'];
    await this.#process.start(commandLine, () => takesConnections(this.#port));
  }

  /** New workers take what is new; the old ones keep what they have. @returns when they have done so */
  async reload(): Promise<void> {
    const { pid } = this.#process;
    const before = workersOf(pid);
    this.#process.signal('SIGHUP');
    const deadline = Date.now() + reloadWithinMs;
    while (!workersOf(pid).some((worker) => !before.includes(worker))) {
      if (Date.now() > deadline) throw new Error('nginx did not reload');
      await delay(20);
    }
  }

  async end(): Promise<void> {
    await this.#process.end('SIGTERM');
    if (this.#directory !== '') await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async #configure(services: readonly string[]): Promise<void> {
    this.#directory = await mkdtemp(path.join(tmpdir(), 'inlet-nginx-'));
    this.#port = await freePort();
    const site = (await readFile(recommended, 'utf8'))
      .replace('listen 127.0.0.1:80;', `listen 127.0.0.1:${this.#port};`)
      .replace(/^.*server 127\.0\.0\.1:8080 .*$/gm, (line) =>
        services.map((service) => line.replace('127.0.0.1:8080', new URL(service).host)).join('\n'),
      );
    await writeFile(path.join(this.#directory, 'inlet.conf'), site);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const main = [
      // Only root may name another user, and nobody else needs to.
      ...(userInfo().uid === 0 ? ['user root;'] : []),
      'daemon off; worker_processes 1; pid nginx.pid; error_log stderr;',
      ...(this.#oldWorkersSeconds === undefined ? [] : [`worker_shutdown_timeout ${this.#oldWorkersSeconds}s;`]),
      'events {}',
      'http {',
      'access_log off;',
      ...temporary.map((name) => `${name}_temp_path temporary-${name};`),
      'include inlet.conf;',
      '}',
    ];
    await writeFile(path.join(this.#directory, 'nginx.conf'), `${main.join('\n')}\n`);
  }
}

function workersOf(pid: number): string[] {
  const { stdout } = spawnSync('cat', [`/proc/${pid}/task/${pid}/children`], { encoding: 'utf8' });
  return stdout.split(' ').filter((one) => one !== '');
}

export function nginxIsMissing(suite: string): boolean {
  return isMissing(suite, 'nginx', spawnSync(program, ['-v']).error === undefined);
}
