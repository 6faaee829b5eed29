/**
 * The record of a run, for those who check it against history: each acknowledged reading as a line of JSON,
 *
 *     {"device":"environment-1","ts":1700000000000,"type":"environment","fields":{…}}
 */
import { open, type FileHandle } from 'node:fs/promises';
import type { AnsweredBatch } from '../src/client/index.js';
import { WrongArgument } from './arguments.js';

export class Recorder {
  readonly #path: string;
  #file: FileHandle | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws WrongArgument */
  async start(): Promise<void> {
    try {
      this.#file = await open(this.#path, 'w');
    } catch (error) {
      throw new WrongArgument(`--record: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Leaves out what was rejected; also a whole batch that had more rejections than its receipt lists. */
  answered({ readings, rejected, rejections }: AnsweredBatch): void {
    if (rejected > rejections.length) return;
    const isRejected = new Set(rejections.map(({ index }) => index));
    const kept = readings.filter((_, index) => !isRejected.has(index));
    if (kept.length > 0) this.#write(kept.map((reading) => `${JSON.stringify(reading)}\n`).join(''));
  }

  /** @throws when something could not be written */
  async stop(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
  }

  #write(text: string): void {
    this.#writing = this.#writing.then(() => this.#file?.appendFile(text));
  }
}
