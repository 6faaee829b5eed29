/**
 * A server that is not ours, as a process of its own: started until it answers, its last words kept, ended for certain, and
 * never left behind by a run that ends by an error.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const startWithinMs = 30_000;
const stopWithinMs = 10_000;
const askEveryMs = 20;
const keptOutputCharacters = 10_000;

export class ForeignProcess {
  readonly #program: string;
  readonly #lastSignal: NodeJS.Signals;
  #process: ChildProcess | undefined;
  #output = '';

  /** @param lastSignal when our own process ends; one with children of its own wants to end them */
  constructor(program: string, lastSignal: NodeJS.Signals = 'SIGKILL') {
    this.#program = program;
    this.#lastSignal = lastSignal;
  }

  get pid(): number {
    if (this.#process?.pid === undefined) throw new Error(`${this.#program} does not run`);
    return this.#process.pid;
  }

  /** @param answers whether it serves by now @throws with its last words when it ends before, or takes too long */
  async start(commandLine: readonly string[], answers: () => Promise<boolean>): Promise<void> {
    const child = spawn(this.#program, commandLine, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    this.#output = '';
    const killIt = () => child.kill(this.#lastSignal);
    process.once('exit', killIt);
    child.once('exit', () => process.off('exit', killIt));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-keptOutputCharacters);
      });
    }
    const failed = once(child, 'error').then(([error]) => {
      throw error;
    });
    await Promise.race([failed, this.#untilItAnswers(child, answers)]);
    failed.catch(() => undefined);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Ends it by the signal, and by SIGKILL where that takes too long. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
    await ended;
    clearTimeout(timer);
  }

  async #untilItAnswers(child: ChildProcess, answers: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + startWithinMs; Date.now() < deadline; await pause(askEveryMs)) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`${this.#program} ended with ${child.exitCode ?? child.signalCode}:\n${this.#output}`);
      if (await answers()) return;
    }
    throw new Error(`${this.#program} did not answer within ${startWithinMs} ms:\n${this.#output}`);
  }
}

/** Whether something listens at this port of loopback. */
export async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const answer = new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  return answer.finally(() => socket.destroy());
}
