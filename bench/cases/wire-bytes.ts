/** Bytes on the wire for a reading, by protocol, format and size of the batch: counted between two real ends. */
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { encodeReadings, mediaTypes, type Format, type FormatReading } from '../../simulators/format.js';
import { CountingProxy } from '../counting-proxy.js';
import { amountLine, type Line } from '../result.js';
import { deviceCount, firstTimeMs, readingText, stepMs } from '../shape.js';
import { OurServer } from '../subject.js';
import type { Case, CaseContext } from './case.js';

/** One way of sending; another protocol is another entry of `ways`. */
interface Way {
  name: string;
  format: Format;
  batch: number;
  /** Opens what is opened once. */
  open: (url: string) => Promise<Sender>;
}

interface Sender {
  /** Ends when the message is acknowledged. */
  send(bytes: Uint8Array, number: number): Promise<void>;
  close(): Promise<void>;
}

/** Measured after as many that are not, for what is only said once. */
const messages = 20;

async function openHttp(url: string, format: Format): Promise<Sender> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    async send(bytes) {
      const headers = { 'content-type': mediaTypes[format], 'content-length': bytes.length };
      const sending = request(new URL('/v1/readings', url), { method: 'POST', agent, headers });
      sending.end(bytes);
      const [response] = (await once(sending, 'response')) as [IncomingMessage];
      await once(response.resume(), 'end');
      if (response.statusCode !== 202) throw new Error(`answered ${response.statusCode}`);
    },
    close: async () => agent.destroy(),
  };
}

async function openStream(url: string, format: Format): Promise<Sender> {
  const socket = new WebSocket(new URL('/v1/stream', url.replace('http', 'ws')), ['inlet.v1.senml+cbor']);
  await once(socket, 'message');
  return {
    async send(bytes) {
      const acked = once(socket, 'message');
      socket.send(bytes, { binary: format === 'senml-cbor' });
      const [ack] = (await acked) as [Buffer];
      if (!ack.toString().includes('"rejected":0')) throw new Error(ack.toString());
    },
    async close() {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

const ways: Way[] = [
  ...(['json', 'ndjson', 'senml', 'senml-cbor', 'line'] as const).flatMap((format) =>
    [1, 100, 1000].map((batch): Way => {
      return { name: `HTTP, ${format}, ${batch}`, format, batch, open: (url) => openHttp(url, format) };
    }),
  ),
  ...(['json', 'senml-cbor'] as const).flatMap((format) =>
    [1, 100].map((batch): Way => {
      return { name: `stream, ${format}, ${batch}`, format, batch, open: (url) => openStream(url, format) };
    }),
  ),
];

export const wireBytes: Case = {
  name: 'wire-bytes',
  title: 'Bytes on the wire for a reading',
  how: [
    'A proxy between client and server counts what goes through its sockets: all headers, frames and answers, on a connection that is open already. TCP and IP come on top.',
    'HTTP has the headers that it needs and no others; on a stream every frame has a number and is acknowledged by itself. SenML has no tags and no type, so its readings say less.',
  ],
  async run({ scratch, say }: CaseContext): Promise<Line[]> {
    const server = new OurServer(scratch, undefined);
    await server.server.start();
    const proxy = new CountingProxy(server.server.url);
    await proxy.start();
    const lines: Line[] = [];
    try {
      for (const way of ways) {
        lines.push(...(await measure(way, proxy)));
        say(way.name);
      }
      return lines;
    } finally {
      await proxy.stop();
      await server.stop();
    }
  },
};

async function measure({ name, format, batch, open }: Way, proxy: CountingProxy): Promise<Line[]> {
  const sender = await open(proxy.url);
  let before = { sent: 0, answered: 0 };
  for (let number = 1; number <= 2 * messages; number++) {
    if (number === messages + 1) before = { sent: proxy.sent, answered: proxy.answered };
    await sender.send(messageOf(format, batch, number, name.startsWith('stream')), number);
  }
  const readings = messages * batch;
  const lines = [
    amountLine(name, 'B', null, [(proxy.sent - before.sent) / readings]),
    amountLine(`${name}: answers`, 'B', null, [(proxy.answered - before.answered) / readings]),
  ];
  await sender.close();
  return lines;
}

function messageOf(format: Format, batch: number, number: number, isFrame: boolean): Uint8Array {
  const readings = Array.from({ length: batch }, (_, index) => {
    const place = number * batch + index;
    const step = Math.floor(place / deviceCount);
    return JSON.parse(readingText(place % deviceCount, step, firstTimeMs + step * stepMs)) as FormatReading;
  });
  if (!isFrame) return encodeReadings(format, readings).bytes;
  if (format === 'senml-cbor') return encodeReadings(format, readings, number).bytes;
  return Buffer.from(JSON.stringify(batch === 1 ? { seq: number, ...readings[0] } : { seq: number, readings }));
}
