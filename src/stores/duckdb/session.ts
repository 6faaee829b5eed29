import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { StoreAway } from '../../ports/history-store.js';
import type { DatabaseOptions } from './database.js';
import type { Answer, Calls, CallName, Query, QueryChunks } from './protocol.js';

/** Closing writes out what is in the log; a worker that takes longer is ended. The log is read at the next start. */
const closeWithinMs = 8_000;

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** One worker from its start to its end. Whatever is asked of one that has ended is answered with StoreAway. */
export class Session {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #endReason: string | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: Answer) => this.#settle(answer));
    worker.on('error', (error) => this.#end(`the store's worker failed: ${error.message}`));
    worker.on('exit', () => this.#end("the store's worker ended"));
  }

  /** @throws when the file cannot be opened, with the reason in a sentence */
  static async open(options: DatabaseOptions): Promise<Session> {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: options });
    const session = new Session(worker);
    const exited = once(worker, 'exit');
    try {
      await session.ask('open', {});
      return session;
    } catch (error) {
      await exited;
      throw error;
    }
  }

  get hasEnded(): boolean {
    return this.#endReason !== undefined;
  }

  async ask<N extends CallName>(call: N, ask: Calls[N]['ask']): Promise<Calls[N]['answer']> {
    if (this.#endReason !== undefined) throw new StoreAway(this.#endReason);
    const id = ++this.#lastId;
    const answered = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    this.#worker.postMessage({ id, call, ...ask }, []);
    return (await answered) as Calls[N]['answer'];
  }

  /** Asks a query and gives its chunks as they are pulled; a reader that stops early ends the query. */
  async *chunks<Q extends Query>(query: Q): AsyncGenerator<QueryChunks[Q['kind']]> {
    const number = ++this.#lastId;
    let chunk = await this.ask('query', { query: number, ...query });
    try {
      while (chunk !== null) {
        yield chunk as QueryChunks[Q['kind']];
        chunk = await this.ask('next', { query: number });
      }
    } finally {
      if (chunk !== null && !this.hasEnded) await this.ask('cancel', { query: number });
    }
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return;
    const exited = once(this.#worker, 'exit');
    const patience = setTimeout(() => void this.#worker.terminate(), closeWithinMs);
    try {
      await this.ask('stop', {});
      await exited;
    } finally {
      clearTimeout(patience);
    }
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ('error' in answer) pending?.reject(new Error(answer.error));
    else pending?.resolve(answer.value);
  }

  #end(reason: string): void {
    this.#endReason ??= reason;
    for (const pending of this.#pending.values()) pending.reject(new StoreAway(this.#endReason));
    this.#pending.clear();
  }
}
