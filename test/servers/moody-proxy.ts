/**
 * Stands before a real InfluxDB as an overloaded server or a proxy does: writes are let through, refused, answered late, or
 * carried out and never answered. Everything else goes through.
 */
import { once } from 'node:events';
import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

export type Mood = 'willing' | '429' | '503' | 'slow' | 'silent' | 'flapping';

const slowMs = 2000;
const moods: readonly Mood[] = ['willing', '429', '503', 'silent'];

export class MoodyProxy {
  mood: Mood = 'willing';
  readonly #target: string;
  /** Between 0 and 1, for a proxy that flaps. */
  readonly #chance: () => number;
  #server: Server | undefined;

  constructor(target: string, chance: () => number) {
    this.#target = target;
    this.#chance = chance;
  }

  get url(): string {
    const address = this.#server?.address();
    return typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : '';
  }

  async start(): Promise<this> {
    this.#server = createServer(
      (request, response) => void this.#answer(request, response).catch(() => response.destroy()),
    );
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  async stop(): Promise<void> {
    this.#server?.close();
    this.#server?.closeAllConnections();
    if (this.#server) await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const isWrite = request.url?.includes('write?') ?? false;
    const flapped = moods[Math.floor(this.#chance() * moods.length)]!;
    const mood = !isWrite ? 'willing' : this.mood === 'flapping' ? flapped : this.mood;
    if (mood === '429')
      return void response.writeHead(429, { 'retry-after': '1' }).end('{"message":"too many requests"}');
    if (mood === '503') return void response.writeHead(503).end('{"message":"no leader"}');
    if (mood === 'slow') await pause(slowMs);
    const answer = await this.#passOn(request, body);
    // Done, and nobody is told.
    if (mood === 'silent') return void response.destroy();
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  }

  async #passOn({ method, url, headers }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const options = { method: method ?? 'GET', headers: { ...headers, host: new URL(this.#target).host } };
    const passed = ask(new URL(url ?? '/', this.#target), options);
    const answered = once(passed, 'response') as Promise<[IncomingMessage]>;
    passed.end(body);
    return (await answered)[0];
  }
}
