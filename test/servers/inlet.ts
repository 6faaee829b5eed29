/**
 * The service itself, as a process of its own: on a free loopback port, on a temporary data directory unless the caller
 * names one, and with no INLET_ settings but the given ones.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import type { Stats } from '../../src/ports/operations.js';
import { brokerConnections } from '../../src/transports/mqtt/broker.js';
import { until } from './until.js';

const program = fileURLToPath(new URL('../../src/main.js', import.meta.url));
/** Lines of output kept, for those who look at them. */
const keptLines = 200;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A service that runs until the test is over. */
export async function startInlet(t: Test, environment: Record<string, string> = {}): Promise<InletProcess> {
  const service = new InletProcess(environment);
  t.teardown(() => service.end());
  await service.start();
  return service;
}

export class InletProcess {
  readonly #environment: Record<string, string>;
  readonly #under: readonly string[];
  #dataDirectory: string | undefined;
  #process: ChildProcess | undefined;
  #url = '';
  #mqttUrl = '';
  /** What it wrote so far: the log on stdout, and what goes wrong at start on stderr. */
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];

  /** @param under what it runs under, a program and its arguments; it has to leave the service's process as its own */
  constructor(environment: Record<string, string> = {}, under: readonly string[] = []) {
    this.#environment = environment;
    this.#under = under;
  }

  get url(): string {
    return this.#url;
  }

  /** Of its own MQTT listener. */
  get mqttUrl(): string {
    return this.#mqttUrl;
  }

  get dataDirectory(): string {
    return this.#dataDirectory ?? '';
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Ready when it says so. A second start has the port and the data of the first. */
  async start(environment: Record<string, string> = {}): Promise<void> {
    const child = await this.#spawn(environment);
    const exited = once(child, 'exit');
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout! }).on('line', (line) => {
        keep(this.stdout, line);
        const ready = readyLine(line);
        if (ready === undefined) return;
        this.#url = ready.url;
        this.#mqttUrl = ready.mqtt ?? '';
        resolve();
      });
    });
    const ended = exited.then(([code]) => {
      throw new Error(`the service ended with ${code} before it was ready:\n${this.stderr.join('\n')}`);
    });
    await Promise.race([ready, ended]);
    ended.catch(() => undefined);
  }

  /** Starts it where it is to refuse. @returns how it ended */
  async startRefused(): Promise<Exit> {
    const child = await this.#spawn({});
    createInterface({ input: child.stdout! }).on('line', (line) => keep(this.stdout, line));
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { code, signal };
  }

  async #spawn(environment: Record<string, string>): Promise<ChildProcess> {
    this.#dataDirectory ??= this.#environment['INLET_DATA_DIR'] ?? (await mkdtemp(path.join(tmpdir(), 'inlet-test-')));
    const env = {
      PATH: process.env['PATH'],
      INLET_LOG_LEVEL: 'warn',
      INLET_DATA_DIR: this.#dataDirectory,
      INLET_PORT: this.#url === '' ? '0' : new URL(this.#url).port,
      ...this.#environment,
      ...(this.#mqttUrl === '' ? {} : { INLET_MQTT_LISTEN: new URL(this.#mqttUrl).host }),
      ...environment,
    };
    const [command, ...rest] = [...this.#under, process.execPath, program];
    const child = spawn(command, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    // A test that ends by an error must not leave a service behind.
    const killIt = () => child.kill('SIGKILL');
    process.once('exit', killIt);
    child.once('exit', () => process.off('exit', killIt));
    createInterface({ input: child.stderr }).on('line', (line) => keep(this.stderr, line));
    return child;
  }

  /** Waits for its end, however that comes. */
  async ended(): Promise<Exit> {
    const child = this.#process;
    if (!child) return { code: null, signal: null };
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return { code: child.exitCode, signal: child.signalCode };
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) child.kill(signal);
    return this.ended();
  }

  /** As a power cut would, but for the disk's cache. */
  async kill9(): Promise<void> {
    await this.stop('SIGKILL');
  }

  async restart(environment: Record<string, string> = {}): Promise<void> {
    await this.stop();
    await this.start(environment);
  }

  /** Stops it for good; what it wrote into a directory of its own goes. */
  async end(): Promise<void> {
    await this.stop('SIGKILL');
    if (this.#dataDirectory === undefined || 'INLET_DATA_DIR' in this.#environment) return;
    await rm(this.#dataDirectory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Resident memory now. */
  async residentBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  async post(body: unknown, query = ''): Promise<Response> {
    return fetch(`${this.#url}/v1/readings${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  /** @throws unless all are accepted */
  async send(...readings: object[]): Promise<void> {
    const response = await this.post(readings);
    if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
  }

  async getJson<Answer>(address: string): Promise<Answer> {
    const response = await fetch(`${this.#url}${address}`);
    if (!response.ok) throw new Error(`GET ${address} was answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Answer;
  }

  async stats(): Promise<Stats> {
    return this.getJson<Stats>('/v1/stats');
  }

  /** A figure of /metrics; undefined where it is not there. */
  async metric(name: string): Promise<number | undefined> {
    const text = await (await fetch(`${this.#url}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
  }

  /** Resolves when so many of its connections to the broker are subscribed. */
  async takesFromBroker(connections = brokerConnections): Promise<void> {
    const isTaking = async () => (await this.metric('inlet_mqtt_connections{way="broker"}')) === connections;
    if (!(await until(isTaking, 20_000))) throw new Error('it does not take from the broker');
  }

  /** Resolves when the store has what was accepted before: it takes readings in their order. */
  async settled(): Promise<void> {
    const response = await this.post({ device: 'settled', fields: { now: true } }, '?ack=store&timeout=20');
    const { stored } = (await response.json()) as { stored?: boolean };
    if (stored !== true) throw new Error('the store does not take readings');
  }
}

function keep(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > keptLines) lines.shift();
}

/** The addresses in the ready line, `{"msg":"ready","url":"http://127.0.0.1:8080","mqtt":"mqtt://127.0.0.1:1883",…}`. */
function readyLine(line: string): { url: string; mqtt?: string } | undefined {
  return line.includes('"msg":"ready"') ? (JSON.parse(line) as { url: string; mqtt?: string }) : undefined;
}
