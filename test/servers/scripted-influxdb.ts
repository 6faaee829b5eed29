/**
 * Plays the InfluxDB that no machine of ours has: it answers with what the fixtures in test/fixtures/influxdb/ say, whose
 * `source` is the page that the answer was taken from, and writes down what it was asked.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** Text as it is, anything else as JSON. */
  body?: unknown;
}

export interface Asked {
  method: string;
  /** Path and query. */
  url: string;
  authorization: string | undefined;
  encoding: string | undefined;
  /** Unpacked. */
  body: string;
}

/** What to do with a request; `undefined` leaves it without an answer. */
export type Script = (asked: Asked) => Answer | undefined;

export function fixture(name: string): Answer {
  const file = new URL(`../../../test/fixtures/influxdb/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(fileURLToPath(file), 'utf8')) as Answer;
}

export class ScriptedInfluxDb {
  readonly asked: Asked[] = [];
  script: Script;
  #server: Server | undefined;

  constructor(script: Script) {
    this.script = script;
  }

  get url(): string {
    const address = this.#server?.address();
    return typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : '';
  }

  async start(): Promise<this> {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  async stop(): Promise<void> {
    this.#server?.close();
    this.#server?.closeAllConnections();
    if (this.#server) await once(this.#server, 'close');
  }

  /** Requests for this path, by their beginning. */
  askedFor(path: string): Asked[] {
    return this.asked.filter(({ url }) => url.startsWith(path));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await buffer(request).catch(() => Buffer.alloc(0));
    const { method = '', url = '', headers } = request;
    const encoding = headers['content-encoding'];
    const body = (encoding === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');
    const asked = { method, url, authorization: headers.authorization, encoding, body };
    this.asked.push(asked);
    const answer = this.script(asked);
    if (!answer) return;
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? '');
    response.writeHead(answer.status, answer.headers).end(answer.body === undefined ? undefined : text);
  }
}
