/** Program of a thread: POST /v1/readings on kept-alive connections, one request at a time on each. */
import type { Progress, Talk } from './connection.js';
import { generate } from './generator.js';
import { MessageRing } from './message-ring.js';

const notMasked = new Uint8Array(4);
const nothing = { answered: 0 } as const;
const contentLength = /\r\ncontent-length: (\d+)\r\n/i;

function request(host: string, readings: string[]) {
  const body = readings.length === 1 ? readings[0]! : `[${readings.join(',')}]`;
  const head =
    `POST /v1/readings HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return { bytes: Buffer.from(head + body), bodyAt: head.length, mask: notMasked };
}

/** Every answer has to be 202: all accepted. */
function read(text: string): Progress {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return { ...nothing, rest: text };
  const bodyBytes = Number(contentLength.exec(text)?.[1]);
  const missing = headEnd + 4 + bodyBytes - text.length;
  if (missing > 0) return { ...nothing, rest: text };
  if (missing !== 0 || !text.startsWith('HTTP/1.1 202 ')) throw new Error(`not a 202 of known length: ${text}`);
  return { answered: 1, rest: '' };
}

generate((connection, { url, connections, batch, window, fromMs }): Talk => {
  const { host } = new URL(url);
  const wrap = (readings: string[]) => request(host, readings);
  const ring = new MessageRing({ connection, connections, batch, inFlight: window, wrap, fromMs });
  return { opening: undefined, read, take: (count) => ring.take(count) };
});
