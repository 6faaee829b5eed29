/** A bare client of /v1/live: sends commands, and gives the messages one by one, held to their schema. */
import { once } from 'node:events';
import type { Test } from 'tap';
import { WebSocket } from 'ws';
import type { LiveMessage } from '../../src/domain/generated/live-frames.js';
import { schemaRegistry } from '../schemas/load.js';
import { Inbox } from '../transports/inbox.js';

const isMessage = schemaRegistry()('https://inlet.example/schemas/live-frames.schema.json#/$defs/message');

/** Whatever a message has; the schema has said which go together. */
export interface AnyMessage {
  id?: number;
  subscription?: string;
  cursor?: string;
  subscribed?: { subscription: string; cursor: string; recovered?: boolean };
  unsubscribed?: { subscription: string };
  pong?: { serverTime: number };
  snapshot?: LiveReading[];
  history?: { readings: LiveReading[]; done: boolean };
  conflated?: number;
  gap?: { fromTs: number | null; toTs: number | null; reason: string };
  readings?: LiveReading[];
  presence?: { device: string; state: string; at: number }[];
  error?: { code: string; message: string; temporary: boolean };
  closed?: number;
}

export interface LiveReading {
  device: string;
  type: string;
  ts: number;
  tags: Record<string, string>;
  fields: Record<string, unknown>;
}

export class LiveClient {
  readonly socket: WebSocket;
  readonly #inbox = new Inbox<LiveMessage | AnyMessage>();
  #lastId = 0;

  private constructor(url: string, query: string) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live${query}`);
    this.socket.on('message', (data: Buffer) => {
      const message: unknown = JSON.parse(data.toString());
      if (isMessage(message)) this.#inbox.put(message as LiveMessage);
      else this.#inbox.fail(new Error(`not a message: ${data.toString().slice(0, 500)}`));
    });
    this.socket.on('close', (closed) => this.#inbox.put({ closed }));
    this.socket.on('error', () => undefined);
  }

  static async open(t: Test, url: string, query = ''): Promise<LiveClient> {
    const client = new LiveClient(url, query);
    t.teardown(() => client.socket.terminate());
    await once(client.socket, 'open');
    return client;
  }

  /** Sends a command under the next id. @returns the id */
  command(command: object): number {
    this.send({ id: ++this.#lastId, ...command });
    return this.#lastId;
  }

  send(message: string | object): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  async next(): Promise<AnyMessage> {
    return this.#inbox.take();
  }

  async subscribe(filter: object): Promise<{ subscription: string; cursor: string }> {
    this.command({ subscribe: filter });
    const { subscribed, ...other } = await this.next();
    if (!subscribed) throw new Error(JSON.stringify(other));
    return subscribed;
  }

  /** The next so many readings of a subscription, and the cursors that came with them. */
  async readings(count: number): Promise<{ readings: LiveReading[]; cursors: string[] }> {
    const readings: LiveReading[] = [];
    const cursors: string[] = [];
    while (readings.length < count) {
      const message = await this.next();
      if (!message.readings) throw new Error(`no readings: ${JSON.stringify(message).slice(0, 500)}`);
      readings.push(...message.readings);
      cursors.push(message.cursor!);
    }
    return { readings, cursors };
  }

  /** Whether nothing is waiting to be read: an answer to a ping comes behind all that was sent before. */
  async isQuiet(): Promise<boolean> {
    this.command({ ping: {} });
    return (await this.next()).pong !== undefined;
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }
}
