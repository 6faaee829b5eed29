/** A bare client of /v1/stream: sends what it is told to, and gives the answers one by one, held to their schema. */
import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';
import type { StreamAck, StreamError, StreamWelcome } from '../../src/domain/generated/stream-frames.js';
import { schemaRegistry } from '../schemas/load.js';
import { Inbox } from './inbox.js';

export type StreamAnswer = StreamAck | StreamError | { closed: number };

const isServerFrame = schemaRegistry()('https://inlet.example/schemas/stream-frames.schema.json#/$defs/serverFrame');

export interface StreamClient {
  readonly socket: WebSocket;
  readonly welcome: StreamWelcome;
  readonly isOpen: boolean;
  send(frame: string | Buffer | object): void;
  /** The next ack or error, or that the server closed. */
  next(): Promise<StreamAnswer>;
  /** Answers that came and that nobody has asked for. */
  readonly waiting: number;
  close(): Promise<void>;
}

export async function openStream(
  url: string,
  options: ClientOptions & { protocols?: string[] } = {},
): Promise<StreamClient> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream`, options.protocols ?? [], options);
  const inbox = new Inbox<StreamWelcome | StreamAnswer>();
  socket.on('message', (data: Buffer) => {
    const frame: unknown = JSON.parse(data.toString());
    if (isServerFrame(frame)) inbox.put(frame as StreamWelcome | StreamAnswer);
    else inbox.fail(new Error(`not a server frame: ${data.toString()} ${JSON.stringify(isServerFrame.errors)}`));
  });
  socket.on('close', (closed) => inbox.put({ closed }));
  socket.on('error', () => undefined);
  const welcome = (await inbox.take()) as StreamWelcome;
  return {
    socket,
    welcome,
    get isOpen() {
      return socket.readyState === WebSocket.OPEN;
    },
    send(frame) {
      // A text frame, whatever bytes are in it.
      const data = typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame);
      socket.send(data, { binary: false });
    },
    async next() {
      return (await inbox.take()) as StreamAnswer;
    },
    get waiting() {
      return inbox.size;
    },
    async close() {
      if (socket.readyState === WebSocket.CLOSED) return;
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}
