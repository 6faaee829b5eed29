/** One short life of a connection, as raw bytes, for each way in which it can end. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Local addresses in turn: the ports of one would run out, since closed ones stay taken for a while. */
const addresses = 8;
const patienceMs = 20_000;
const fin = 0x80;
const text = fin | 1;
const binary = fin | 2;
const closing = fin | 8;
const reservedBits = 0x70;

/** What is done to the connection behind its handshake, and the close code that the server answers with, if any. */
export interface Ending {
  name: string;
  path: '/v1/stream' | '/v1/live';
  frames: Buffer[];
  /** By which the server ends it; undefined when it is cut, or never became a WebSocket. */
  code: number | undefined;
  cut?: 'fin' | 'reset';
  headers?: string;
  /** It does not answer the server's close frame. */
  isDeaf?: boolean;
}

/** A masked frame (RFC 6455 §5.2), the mask being zero. */
function frame(first: number, payload: string | Buffer, claimedBytes = Buffer.byteLength(payload)): Buffer {
  const header = Buffer.alloc(14);
  header[0] = first;
  header[1] = 0x80 | 127;
  header.writeBigUInt64BE(BigInt(claimedBytes), 2);
  if (claimedBytes > 125) return Buffer.concat([header, Buffer.from(payload)]);
  return Buffer.concat([Buffer.from([first, 0x80 | claimedBytes, 0, 0, 0, 0]), Buffer.from(payload)]);
}

function closeFrame(code: number): Buffer {
  return frame(closing, Buffer.from([code >> 8, code & 0xff]));
}

const reading = (seq: number, device: number) =>
  frame(text, `{"seq":${seq},"device":"soak-${device}","fields":{"a":1}}`);
const subscribe = frame(text, '{"id":1,"subscribe":{"devices":["soak-*"],"snapshot":true}}');
const malformed = Array.from({ length: 10 }, () => frame(text, '{'));
const tooLarge = 2 ** 21;

/** Every way, on both addresses; `n` makes the devices of one another's. */
export function endings(n: number): Ending[] {
  const both = (['/v1/stream', '/v1/live'] as const).flatMap((path): Ending[] => {
    const first = path === '/v1/stream' ? reading(5, n % 50) : subscribe;
    const way = (name: string, code: number | undefined, ...frames: Buffer[]): Ending => {
      return { name, path, code, frames: [first, ...frames] };
    };
    return [
      way('done', 1000, closeFrame(1000)),
      way('goes away', 1001, closeFrame(1001)),
      way('a close frame without a code', undefined, frame(closing, '')),
      { ...way('ends without a close frame', undefined), cut: 'fin' },
      { ...way('is reset', undefined), cut: 'reset' },
      { ...way('is reset within a frame', undefined, frame(text, 'x').subarray(0, 4)), cut: 'reset' },
      way('a frame that the protocol does not know', 1002, frame(fin | reservedBits, 'x')),
      way('a binary frame', 1003, frame(binary, 'x')),
      way('a text that is none', 1007, frame(text, Buffer.from([0xff]))),
      way('a frame that is too large', 1009, frame(text, 'x', tooLarge)),
      way('nothing but malformed frames', 4400, ...malformed),
    ];
  });
  const refused = (path: Ending['path'], headers: string): Ending => {
    return { name: `refused: ${headers}`, path, headers, frames: [], code: undefined };
  };
  return [
    ...both,
    { name: 'a seq that falls', path: '/v1/stream', code: 4400, frames: [reading(5, n % 50), reading(4, 0)] },
    refused('/v1/stream', 'Origin: http://evil.example\r\n'),
    refused('/v1/live', 'Sec-WebSocket-Version: 7\r\n'),
  ];
}

/** The server waits for an answer to its close frame, but not for ever. */
export const deaf: Ending = {
  name: 'a close frame that is not answered',
  path: '/v1/stream',
  code: 1003,
  frames: [reading(5, 0), frame(binary, 'x')],
  isDeaf: true,
};

/** @returns the code that the server ended it with */
export async function live(url: URL, ending: Ending, n: number): Promise<number | undefined> {
  const { path, frames, cut, headers = 'Sec-WebSocket-Version: 13\r\n' } = ending;
  const localAddress = `127.0.0.${2 + (n % addresses)}`;
  const socket = connect({ host: url.hostname, port: Number(url.port), localAddress });
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.setTimeout(patienceMs, () => socket.destroy(new Error(`${ending.name}: nothing happened`)));
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`,
  );
  const received: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => {
    received.push(chunk);
    const code = closeCode(Buffer.concat(received));
    if (code !== undefined && !ending.isDeaf) socket.write(closeFrame(code));
  });
  if (frames.length > 0) await answered(socket, received, '101 Switching');
  const [first, ...others] = frames;
  if (first) {
    socket.write(first);
    await answered(socket, received, path === '/v1/stream' ? '"ack"' : '"snapshot"');
  }
  socket.write(Buffer.concat(others));
  if (cut === 'fin') socket.end();
  if (cut === 'reset') socket.resetAndDestroy();
  await closed;
  return closeCode(Buffer.concat(received));
}

async function answered(socket: Socket, received: readonly Buffer[], what: string): Promise<void> {
  while (!Buffer.concat(received).includes(what)) {
    if (socket.closed) throw new Error(`closed before ${what}: ${Buffer.concat(received).toString()}`);
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  }
}

/** Of the close frame that the answer ends with. */
function closeCode(received: Buffer): number | undefined {
  const at = received.lastIndexOf(closing);
  const length = received[at + 1] ?? 0;
  if (at < 0 || length < 2 || at + 2 + length !== received.length) return undefined;
  return received.readUInt16BE(at + 2);
}
