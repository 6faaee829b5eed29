/** A live feed of readings numbered from 1, whose cursor is the number of the last one. It resumes, or says that it cannot. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { SubscribeOptions } from '../../src/client/index.js';
import type { Reading } from '../../src/domain/reading.js';

interface Command {
  id: number;
  subscribe?: SubscribeOptions;
  unsubscribe?: { subscription: string };
  ping?: unknown;
}

export class LivePeer {
  /** What a subscribe with a cursor gets; `ignored` is a server that does not know the word. */
  resume: 'recovers' | 'gap' | 'error' | 'ignored' = 'recovers';
  /** How many subscribes are refused for now. */
  busyFor = 0;
  answersPings = true;
  sendsSnapshot = true;
  readonly commands: Command[] = [];
  connections = 0;
  #head = 0;
  #names = 0;
  readonly #subscribers = new Map<string, WebSocket>();
  #server: WebSocketServer | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#server = new WebSocketServer({ port: this.#port, host: '127.0.0.1' });
    this.#server.on('connection', (socket) => {
      this.connections++;
      socket.on('message', (data: Buffer) => this.#take(socket, JSON.parse(data.toString()) as Command));
    });
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  cut(): void {
    this.#subscribers.clear();
    for (const socket of this.#server?.clients ?? []) socket.terminate();
  }

  close(code: number, reason = ''): void {
    for (const socket of this.#server?.clients ?? []) socket.close(code, reason);
  }

  /** Accepts `count` more readings and pushes them. */
  publish(count: number): void {
    const from = this.#head;
    this.#head += count;
    for (const name of this.#subscribers.keys())
      this.#push(name, { cursor: `${this.#head}`, readings: numbered(from, this.#head) });
  }

  #take(socket: WebSocket, command: Command): void {
    this.commands.push(command);
    const { id } = command;
    const answer = (message: object): void => socket.send(JSON.stringify({ id, ...message }));
    if (command.ping) {
      if (this.answersPings) answer({ pong: { serverTime: Date.now() } });
    } else if (command.unsubscribe) {
      this.#subscribers.delete(command.unsubscribe.subscription);
      answer({ unsubscribed: command.unsubscribe });
    } else if (this.busyFor-- > 0) {
      answer({ error: { code: 'rate_limited', message: 'later', temporary: true } });
    } else if (command.subscribe) {
      this.#subscribe(socket, command.subscribe, answer);
    }
  }

  #subscribe(
    socket: WebSocket,
    { cursor, snapshot, devices }: SubscribeOptions,
    answer: (message: object) => void,
  ): void {
    if (devices?.includes(''))
      return answer({ error: { code: 'invalid_filter', message: 'devices', temporary: false } });
    if (cursor !== undefined && this.resume === 'error') {
      return answer({ error: { code: 'invalid_cursor', message: 'not one', temporary: false } });
    }
    const subscription = `s${++this.#names}`;
    this.#subscribers.set(subscription, socket);
    const recovered =
      cursor === undefined || this.resume === 'ignored' ? {} : { recovered: this.resume === 'recovers' };
    answer({ subscribed: { subscription, cursor: `${this.#head}`, ...recovered } });
    if (snapshot && this.sendsSnapshot) this.#push(subscription, { snapshot: numbered(this.#head - 1, this.#head) });
    if (cursor === undefined || this.resume === 'ignored') return;
    if (this.resume === 'gap') this.#push(subscription, { gap: { fromTs: 1, toTs: 2, reason: 'cursor_too_old' } });
    else this.#push(subscription, { cursor: `${this.#head}`, readings: numbered(Number(cursor), this.#head) });
  }

  #push(subscription: string, message: object): void {
    this.#subscribers.get(subscription)?.send(JSON.stringify({ subscription, ...message }));
  }
}

/** Readings after `from` up to `to`, their number as time. */
function numbered(from: number, to: number): Reading[] {
  return Array.from({ length: to - from }, (_, n) => {
    const number = from + n + 1;
    return { device: 'boiler-7', type: 'machine', ts: number, tags: {}, fields: { temperature: number } };
  });
}
