/** Program of a thread: /v1/stream, a window of numbered frames under way on each connection. */
import { randomBytes } from 'node:crypto';
import type { Progress, Talk } from './connection.js';
import { generate } from './generator.js';
import { MessageRing, seqDigits, type Wrapped } from './message-ring.js';

/** The first number that has all its digits. */
const firstSeq = 10 ** (seqDigits - 1);
const ack = /^\{"type":"ack","seq":(\d+),"accepted":(\d+),"rejected":0\}$/;
const textFrame = 0x81;
/** Our server takes any frame of ours for the pong. */
const pingFrame = 0x89;

/** A masked text frame (RFC 6455 §5.2). The mask is not zero, which servers may pass over. */
function frame(text: string, mask: Uint8Array): Wrapped {
  const payload = Buffer.from(text);
  const header = Buffer.from([textFrame, 0x80 | 126, payload.length >>> 8, payload.length & 0xff, ...mask]);
  if (payload.length < 126 || payload.length > 0xffff) throw new Error('the frame has another length form');
  const masked = payload.map((byte, index) => byte ^ mask[index & 3]!);
  return { bytes: Buffer.concat([header, masked]), bodyAt: header.length, mask };
}

class StreamTalk implements Talk {
  readonly opening: string;
  readonly #ring: MessageRing;
  readonly #batch: number;
  #isOpen = false;
  #acked = firstSeq - 1;

  constructor(host: string, ring: MessageRing, batch: number) {
    this.opening =
      `GET /v1/stream HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`;
    this.#ring = ring;
    this.#batch = batch;
  }

  take(count: number): Buffer[] {
    return this.#ring.take(count);
  }

  read(text: string): Progress {
    let at = 0;
    if (!this.#isOpen) {
      const headEnd = text.indexOf('\r\n\r\n');
      if (headEnd < 0) return { answered: 0, rest: text };
      if (!text.startsWith('HTTP/1.1 101 ')) throw new Error(`no upgrade: ${text}`);
      this.#isOpen = true;
      at = headEnd + 4;
    }
    const before = this.#acked;
    for (;;) {
      const end = frameEnd(text, at);
      if (end === undefined) break;
      if (text.charCodeAt(at) === textFrame) this.#take(text, at, end);
      at = end;
    }
    return { answered: this.#acked - before, rest: text.slice(at) };
  }

  /** An ack has to cover every frame since the last one; a welcome comes once, or not at all. */
  #take(text: string, at: number, end: number): void {
    const message = text.slice(text.charCodeAt(at + 1) < 126 ? at + 2 : at + 4, end);
    const [, seq, accepted] = ack.exec(message) ?? [];
    if (seq === undefined && message.startsWith('{"type":"welcome"')) return;
    const covered = Number(seq) - this.#acked;
    if (!(covered > 0) || Number(accepted) !== covered * this.#batch) throw new Error(`not the next ack: ${message}`);
    this.#acked += covered;
  }
}

/** Where the frame ends that begins at `at`; undefined while it is not whole. Servers do not mask. */
function frameEnd(text: string, at: number): number | undefined {
  if (text.length < at + 2) return undefined;
  const kind = text.charCodeAt(at);
  if (kind !== textFrame && kind !== pingFrame) throw new Error(`a frame of another kind: ${text.slice(at)}`);
  const short = text.charCodeAt(at + 1);
  if (short >= 126 && text.length < at + 4) return undefined;
  const end = short < 126 ? at + 2 + short : at + 4 + text.charCodeAt(at + 2) * 256 + text.charCodeAt(at + 3);
  return end <= text.length ? end : undefined;
}

generate((connection, { url, connections, batch, window, fromMs }): Talk => {
  const mask = randomBytes(4);
  const wrap = ([first, ...others]: string[]) => {
    if (first === undefined || others.length > 0) throw new Error('a frame here has one reading');
    return frame(`{"seq":${firstSeq},${first.slice(1)}`, mask);
  };
  const ring = new MessageRing({ connection, connections, batch, inFlight: window, wrap, firstSeq, fromMs });
  return new StreamTalk(new URL(url).host, ring, batch);
});
