/** Program of a thread: one kind of flood on a service, from raw sockets, until it is stopped. */
import { connect, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';

export interface Attack {
  kind: AttackKind;
  url: string;
  /** Open at once. */
  sockets: number;
  /** What the service takes at most, as a body or a frame. */
  limitBytes: number;
}

/** What the thread says when it is told to stop: how it was answered, by status or close code, and how often. */
export type Answers = Record<string, number>;

export type AttackKind = keyof typeof kinds;

/** What one connection does: what it sends first, and what it goes on with. */
interface Script {
  begin: Buffer;
  /** Sent again and again, at this pace; undefined when nothing follows. */
  next?: Buffer;
  everyMs: number;
}

const byteMs = 1_000;
const parts = 10;
const hostAndType = 'Host: x\r\nContent-Type: application/json\r\n';
const upgrade =
  'GET /v1/stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
/** Five hundred continuation frames of one byte each, masked with zero. */
const bytePieces = Buffer.concat(Array.from({ length: 500 }, () => Buffer.from([0x00, 0x81, 0, 0, 0, 0, 0x20])));

const kinds = {
  'silent sockets': (): Script => ({ begin: Buffer.alloc(0), everyMs: byteMs }),
  'a byte of headers a second': (): Script => ({
    begin: Buffer.from('POST /v1/readings HTTP/1.1\r\nX-Slow: '),
    next: Buffer.from('x'),
    everyMs: byteMs,
  }),
  'a byte of a body a second': (): Script => ({
    begin: Buffer.from(`POST /v1/readings HTTP/1.1\r\n${hostAndType}Content-Length: 60000\r\n\r\n`),
    next: Buffer.from(' '),
    everyMs: byteMs,
  }),
  'frames in pieces of a byte': (): Script => ({
    begin: Buffer.concat([Buffer.from(upgrade), Buffer.from([0x01, 0x81, 0, 0, 0, 0, 0x20])]),
    next: bytePieces,
    everyMs: 100,
  }),
  'frames of a byte too many': (limitBytes: number): Script => {
    const header = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    header.writeBigUInt64BE(BigInt(limitBytes + 1), 2);
    return { begin: Buffer.concat([Buffer.from(upgrade), header, Buffer.alloc(limitBytes + 1, ' ')]), everyMs: byteMs };
  },
  'bodies of a byte too many': (limitBytes: number): Script => {
    const head = `POST /v1/readings HTTP/1.1\r\n${hostAndType}Transfer-Encoding: chunked\r\n\r\n`;
    const size = `${(limitBytes + 1).toString(16)}\r\n`;
    return { begin: Buffer.concat([Buffer.from(head + size), Buffer.alloc(limitBytes + 1, ' ')]), everyMs: byteMs };
  },
  'bodies that grow a thousandfold': (limitBytes: number): Script => {
    const body = gzipSync(Buffer.alloc(limitBytes * 100, ' '));
    const head =
      `POST /v1/readings HTTP/1.1\r\n${hostAndType}Content-Encoding: gzip\r\nConnection: close\r\n` +
      `Content-Length: ${body.length}\r\n\r\n`;
    return { begin: Buffer.concat([Buffer.from(head), body]), everyMs: byteMs };
  },
};

export const attackKinds = Object.keys(kinds) as AttackKind[];

/** A pause before a place is taken again, so that the flood is as fast as the service is at refusing, and no faster. */
const againMs = 100;
const addresses = 8;

function flood({ kind, url, sockets, limitBytes }: Attack): { stop: () => Answers } {
  const { hostname, port } = new URL(url);
  const { begin, next, everyMs } = kinds[kind](limitBytes);
  const open = new Set<Socket>();
  const answers: Answers = {};
  let isStopped = false;
  function place(index: number): void {
    if (isStopped) return;
    const socket = connect({ host: hostname, port: Number(port), localAddress: `127.0.0.${2 + (index % addresses)}` });
    let received = '';
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => (received = (received + chunk.toString('latin1')).slice(-2000)));
    socket.on('close', () => {
      open.delete(socket);
      const answer = answerOf(received);
      answers[answer] = (answers[answer] ?? 0) + 1;
      setTimeout(() => place(index), againMs);
    });
    socket.write(begin);
  }
  // On one timer, a part of them at a time, as those who do not know of each other would.
  let turn = 0;
  const going = setInterval(() => {
    turn = (turn + 1) % parts;
    let index = 0;
    if (next)
      for (const socket of open) if (index++ % parts === turn && socket.writableLength === 0) socket.write(next);
  }, everyMs / parts);
  for (let index = 0; index < sockets; index++) setTimeout(() => place(index), index / 2);
  return {
    stop() {
      isStopped = true;
      clearInterval(going);
      for (const socket of open) end(socket);
      return answers;
    },
  };
}

/** By a reset: thousands would else stay behind as waiting. One that ends just now cannot be reset, and its thread would not exit. */
function end(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** The status that it was answered with, or the close code; `cut` for neither. */
function answerOf(received: string): string {
  const bytes = Buffer.from(received, 'latin1');
  const at = bytes.lastIndexOf(0x88);
  if (received.includes(' 101 ')) return at >= 0 && bytes.length >= at + 4 ? String(bytes.readUInt16BE(at + 2)) : 'cut';
  return /HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? 'cut';
}

if (parentPort) {
  const port = parentPort;
  const { stop } = flood(workerData as Attack);
  port.once('message', () => {
    port.postMessage(stop());
    port.close();
  });
}
