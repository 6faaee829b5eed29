/** A server under measurement, ours or a bare one: a process of its own, with nothing in its environment but what is said. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface ServerOptions {
  program: URL;
  environment?: Record<string, string>;
  /** For node itself. */
  nodeArguments?: string[];
  programArguments?: string[];
}

/** One collection may leave what only a finalizer frees. */
const collections = 3;
const collectionMs = 300;
const exitWithinMs = 15_000;
/** What /proc counts in: USER_HZ, which is 100 on every Linux. */
const ticksPerSecond = 100;

export class ServerProcess {
  readonly #options: ServerOptions;
  readonly #kill = () => void this.#process?.kill('SIGKILL');
  #process: ChildProcess | undefined;
  #url = '';
  #mqttUrl = '';

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#url;
  }

  /** Of our server's own MQTT listener, if it has one. */
  get mqttUrl(): string {
    return this.#mqttUrl;
  }

  /** @returns milliseconds until it said that it is ready */
  async start(): Promise<number> {
    const { program, environment = {}, nodeArguments = [], programArguments = [] } = this.#options;
    const startedMs = performance.now();
    const child = spawn(process.execPath, [...nodeArguments, fileURLToPath(program), ...programArguments], {
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    // Nothing outlives a benchmark that is interrupted.
    process.on('exit', this.#kill);
    for await (const line of createInterface({ input: child.stdout })) {
      const { msg, url, mqtt } = JSON.parse(line) as { msg: string; url?: string; mqtt?: string };
      if (msg !== 'ready' || url === undefined) continue;
      this.#url = url;
      this.#mqttUrl = mqtt ?? '';
      child.stdout.resume();
      return performance.now() - startedMs;
    }
    throw new Error(`${program.pathname} ended before it was ready`);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    if (!child) return;
    const cut = setTimeout(this.#kill, exitWithinMs);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
    clearTimeout(cut);
    process.off('exit', this.#kill);
    this.#process = undefined;
  }

  /** Processor time of all its threads so far; undefined where the system does not tell. */
  get cpuSeconds(): number | undefined {
    if (process.platform !== 'linux' || !this.#process) return undefined;
    const stat = readFileSync(`/proc/${this.#process.pid}/stat`, 'latin1');
    // Behind the program's name, which is in parentheses, come field 3 and so on; utime and stime are 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  /** Resident memory without the main thread's garbage, of a server that has imported `collect-garbage`. */
  async heldBytes(): Promise<number> {
    for (let collected = 0; collected < collections; collected++) {
      this.#process?.kill('SIGUSR2');
      await pause(collectionMs);
    }

    const status = readFileSync(`/proc/${this.#process?.pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }
}
