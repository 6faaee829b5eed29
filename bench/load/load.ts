/** A load on a server, from a thread of its own: it sends as fast as it is answered, or at a rate, until it is stopped. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Counter } from './counter.js';
import { Latencies } from './latencies.js';

export interface LoadOptions {
  url: string;
  connections: number;
  /** Readings in a message. */
  batch: number;
  /** Messages that a connection may have unanswered. */
  window: number;
  /** Times of the readings begin there; `firstTimeMs` when it is left out. */
  fromMs?: number;
}

/** What the thread is told when it starts, and later. */
export interface LoadTask extends LoadOptions {
  acked: SharedArrayBuffer;
  latencies: SharedArrayBuffer;
}
export type LoadCommand = 'hold' | 'go' | 'stop' | { messagesPerSecond: number };
/** What the thread says, once. */
export type LoadReport = 'started';

export type Protocol = 'http' | 'stream' | 'mqtt';

const programs = {
  http: new URL('./http-load.js', import.meta.url),
  stream: new URL('./stream-load.js', import.meta.url),
  mqtt: new URL('./mqtt-load.js', import.meta.url),
} as const;

export class Load {
  /** Of messages, from when they were to be sent to their answers. */
  readonly latencies = new Latencies();
  readonly #protocol: Protocol;
  readonly #options: LoadOptions;
  readonly #acked = new Counter();
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #failure: Promise<never> = new Promise(() => undefined);

  constructor(protocol: Protocol, options: LoadOptions) {
    this.#protocol = protocol;
    this.#options = options;
  }

  /** Ends when the messages are made and the connections are being opened. */
  async start(): Promise<void> {
    const task: LoadTask = { ...this.#options, acked: this.#acked.shared, latencies: this.latencies.shared };
    const worker = new Worker(programs[this.#protocol], { workerData: task });
    this.#worker = worker;
    this.#failure = new Promise((_, reject) => worker.once('error', reject));
    // Whoever waits for something meanwhile hears of it; between two waits nobody does.
    this.#failure.catch(() => undefined);
    this.#ended = once(worker, 'exit').then(() => undefined);
    // It is the same failure; nobody waits for the end when something else went wrong before.
    this.#ended.catch(() => undefined);
    await this.during(once(worker, 'message'));
  }

  /** Readings whose acknowledgement has arrived. */
  get acked(): number {
    return this.#acked.value;
  }

  /** Share of the thread's time since its start in which it had something to do: near 1, the load was what limited. */
  get busy(): number {
    return this.#worker?.performance.eventLoopUtilization().utilization ?? 0;
  }

  /** Ends after so long, and not before something was acknowledged meanwhile. */
  async runFor(milliseconds: number): Promise<void> {
    await this.during(this.#acked.rises(milliseconds));
  }

  /** Sends nothing more until `go`; what is under way is still answered. */
  hold(): void {
    this.#command('hold');
  }

  go(): void {
    this.#command('go');
  }

  /** Goes on at this rate, however fast it is answered. */
  pace(messagesPerSecond: number): void {
    this.#command({ messagesPerSecond });
  }

  /** @throws what went wrong with the load while `work` was waited for */
  async during<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#failure]);
  }

  /** Ends when everything that was under way is answered. */
  async stop(): Promise<void> {
    this.#command('stop');
    await this.during(this.#ended);
  }

  #command(command: LoadCommand): void {
    this.#worker?.postMessage(command);
  }
}
