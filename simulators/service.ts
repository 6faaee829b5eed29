/** The service as a child process, for the demonstration and for tests that kill it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Lines of output kept, to say why a start failed. */
const keptLines = 20;

export class Service {
  readonly #environment: Record<string, string | undefined>;
  readonly #output: string[] = [];
  #process: ChildProcess | undefined;
  #url = '';

  /** `environment` is all that the service sees. */
  constructor(environment: Record<string, string | undefined>) {
    this.#environment = environment;
  }

  get url(): string {
    return this.#url;
  }

  /** Resolves when it is ready. A second start, after `stop` or `kill`, has the same data and the same port. */
  async start(): Promise<void> {
    const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
    const port = this.#url === '' ? this.#environment['INLET_PORT'] : new URL(this.#url).port;
    const env = { ...this.#environment, INLET_PORT: port };
    const service = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = service;
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: service.stderr }).on('line', (line) => this.#keep(line));
      createInterface({ input: service.stdout }).on('line', (line) => {
        this.#keep(line);
        const url = readyUrl(line);
        if (url === undefined) return;
        this.#url = url;
        resolve();
      });
      service.on('error', reject);
      service.on('close', (code) => {
        reject(new Error(`The service ended with exit code ${code} before it was ready:\n${this.#output.join('\n')}`));
      });
    });
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** As a power cut would, but for the disk's cache. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const service = this.#process;
    if (!service || service.exitCode !== null || service.signalCode !== null) return;
    const ended = once(service, 'exit');
    service.kill(signal);
    await ended;
  }

  #keep(line: string): void {
    this.#output.push(line);
    if (this.#output.length > keptLines) this.#output.shift();
  }
}

/** The address in the ready line, `{"msg":"ready","url":"http://127.0.0.1:8080",…}`. */
function readyUrl(line: string): string | undefined {
  try {
    const entry = JSON.parse(line) as { msg?: unknown; url?: unknown } | null;
    return entry?.msg === 'ready' && typeof entry.url === 'string' ? entry.url : undefined;
  } catch {
    return undefined;
  }
}
