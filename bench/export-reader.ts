/** Somebody who takes out the whole history, again and again, and keeps nothing of it. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export class ExportReader {
  readonly #url: string;
  readonly #abort = new AbortController();
  #reading: Promise<void> = Promise.resolve();
  #bytes = 0;
  #ends = 0;

  /** @param url of the export */
  constructor(url: string) {
    this.#url = url;
  }

  /** That have come so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How often an export has come to its end. */
  get ends(): number {
    return this.#ends;
  }

  /** Ends when the first bytes are there. */
  async start(): Promise<void> {
    this.#reading = this.#read();
    while (this.#bytes === 0) await Promise.race([pause(10), this.#reading]);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const { signal } = this.#abort;
    try {
      for (;;) {
        const [response] = (await once(get(this.#url, { agent: false, signal }), 'response')) as [IncomingMessage];
        if (response.statusCode !== 200) throw new Error(`the export is answered with ${response.statusCode}`);
        for await (const chunk of response) this.#bytes += (chunk as Buffer).length;
        this.#ends++;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
