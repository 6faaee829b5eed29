import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ParquetFile, ParquetTable, ParquetWriter } from '../../ports/parquet.js';
import { parquetFile, type ParquetJobOptions } from './parquet-job.js';
import type { ParquetAnswer, ParquetAsk } from './parquet-worker.js';
import { Turnstile } from '../../domain/turnstile.js';

export interface ParquetWriterOptions {
  /** Everything in it belongs to this writer. */
  directory: string;
  /** Of one file; what is beyond goes to the directory until the file is written. */
  maxMemoryBytes?: number;
}

const defaultMemoryBytes = 256 * 2 ** 20;
/** Of a file, read at once. */
const partBytes = 256 * 1024;
/** Files that are made at a time; each holds one of the four threads that Node has for file work, and acks need one. */
const maxJobs = 1;

/** Makes Parquet files with DuckDB's writer, for rows of any store. */
export class DuckDbParquetWriter implements ParquetWriter {
  readonly #options: ParquetWriterOptions;
  readonly #jobs = new Turnstile(maxJobs);

  constructor(options: ParquetWriterOptions) {
    this.#options = options;
  }

  /** What an earlier process could not remove goes now. */
  async start(): Promise<void> {
    await rm(this.#options.directory, { recursive: true, force: true });
    await mkdir(this.#options.directory, { recursive: true });
  }

  async stop(): Promise<void> {
    await rm(this.#options.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  async write(table: ParquetTable, signal: AbortSignal): Promise<ParquetFile> {
    return this.#jobs.pass(() => this.#writeNow(table, signal));
  }

  async #writeNow({ columns, chunks }: ParquetTable, signal: AbortSignal): Promise<ParquetFile> {
    signal.throwIfAborted();
    const directory = await mkdtemp(path.join(this.#options.directory, 'export-'));
    const discard = () => rm(directory, { recursive: true, force: true, maxRetries: 3 });
    const thread = new JobThread({
      directory,
      columns,
      maxMemoryBytes: this.#options.maxMemoryBytes ?? defaultMemoryBytes,
    });
    const stopNow = () => thread.fail(signal.reason as Error);
    signal.addEventListener('abort', stopNow);
    try {
      for await (const chunk of chunks) {
        signal.throwIfAborted();
        await thread.ask({ append: chunk });
      }
      const answer = await thread.ask({ finish: true });
      const byteLength = 'byteLength' in answer ? answer.byteLength : 0;
      return { byteLength, bytes: () => bytesOf(parquetFile(directory)), discard };
    } catch (error) {
      // What is in the directory is in use until the thread has ended.
      await thread.end();
      await discard();
      throw error;
    } finally {
      signal.removeEventListener('abort', stopNow);
      await thread.end();
    }
  }
}

/** Opens the file when the first part is asked for, and closes it whatever happens. */
async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  const handle = await open(file);
  try {
    for (;;) {
      const { buffer, bytesRead } = await handle.read({ buffer: Buffer.allocUnsafe(partBytes) });
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

class JobThread {
  readonly #worker: Worker;
  #waiting: { resolve(answer: ParquetAnswer): void; reject(error: Error): void } | undefined;
  #failure: Error | undefined;
  readonly #exited: Promise<unknown>;

  constructor(options: ParquetJobOptions) {
    this.#worker = new Worker(new URL('./parquet-worker.js', import.meta.url), { workerData: options });
    this.#worker.on('message', (answer: ParquetAnswer) => {
      if ('error' in answer) this.fail(new Error(answer.error));
      else this.#waiting?.resolve(answer);
    });
    this.#worker.on('error', (error) => this.fail(error));
    this.#exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    void this.#exited.then(() => this.fail(new Error('the thread that makes the file has ended')));
  }

  /** One at a time. */
  async ask(ask: ParquetAsk): Promise<ParquetAnswer> {
    if (this.#failure) throw this.#failure;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker.postMessage(ask, []);
    });
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
  }

  async end(): Promise<void> {
    this.#worker.postMessage({ cancel: true } satisfies ParquetAsk, []);
    await this.#exited;
  }
}
