/** Bytes on the wire for a reading, by protocol, format and size of the batch: counted between two real ends. */
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { connectAsync } from 'mqtt';
import { WebSocket } from 'ws';
import { encodeReadings, formats, mediaTypes, type Format, type FormatReading } from '../../simulators/format.js';
import { CountingProxy } from '../counting-proxy.js';
import { amountLine, type Line } from '../result.js';
import { hasMosquitto, MosquittoProcess } from '../servers/mosquitto.js';
import { deviceCount, firstTimeMs, readingText, stepMs } from '../shape.js';
import { OurServer } from '../subject.js';
import type { Case, CaseContext } from './case.js';

/** Where bytes are counted. */
type Place = 'HTTP' | 'listener' | 'broker';

/** One way of sending; another protocol is another entry of `ways`. */
interface Way {
  name: string;
  place: Place;
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

/** MQTT 3.1.1 at our own listener, which is JSON; the other formats by MQTT 5 through a broker. */
async function openMqtt(url: string, format: Format): Promise<Sender> {
  const isJson = format === 'json';
  const client = await connectAsync(url, { protocolVersion: isJson ? 4 : 5, reconnectPeriod: 0 });
  const properties = isJson ? {} : { properties: { contentType: mediaTypes[format] } };
  return {
    async send(bytes, number) {
      await client.publishAsync(`inlet/v1/readings/${deviceOf(number)}`, Buffer.from(bytes), { qos: 1, ...properties });
    },
    close: () => client.endAsync(),
  };
}

const ways: Way[] = [
  ...formats.flatMap((format) =>
    [1, 100, 1000].map((batch): Way => {
      return { name: `HTTP, ${format}, ${batch}`, place: 'HTTP', format, batch, open: (url) => openHttp(url, format) };
    }),
  ),
  ...(['json', 'senml-cbor'] as const).flatMap((format) =>
    [1, 100].map((batch): Way => {
      return {
        name: `stream, ${format}, ${batch}`,
        place: 'HTTP',
        format,
        batch,
        open: (url) => openStream(url, format),
      };
    }),
  ),
  ...formats.flatMap((format) =>
    [1, 100].map((batch): Way => {
      const place = format === 'json' ? 'listener' : 'broker';
      return { name: `MQTT, ${format}, ${batch}`, place, format, batch, open: (url) => openMqtt(url, format) };
    }),
  ),
];

export const wireBytes: Case = {
  name: 'wire-bytes',
  title: 'Bytes on the wire for a reading',
  how: [
    'A proxy between client and server counts what goes through its sockets: all headers, frames and answers, on a connection that is open already. TCP and IP come on top.',
    'HTTP has the headers that it needs and no others; MQTT is QoS 1, 3.1.1 at our own listener for JSON and 5 through Mosquitto for the other formats, a message being of one device, which it names as well; on a stream every frame has a number and is acknowledged by itself. SenML has no tags and no type, so its readings say less.',
  ],
  async run({ scratch, say }: CaseContext): Promise<Line[]> {
    const mosquitto = hasMosquitto() ? new MosquittoProcess(path.join(scratch.next(), 'mosquitto')) : undefined;
    await mosquitto?.start();
    const settings = { INLET_MQTT_LISTEN: '127.0.0.1:0', ...(mosquitto ? { INLET_MQTT_URL: mosquitto.url } : {}) };
    const server = new OurServer(scratch, undefined, [], settings);
    const proxies = new Map<Place, CountingProxy>();
    const lines: Line[] = [];
    try {
      await server.server.start();
      proxies.set('HTTP', new CountingProxy(server.server.url));
      proxies.set('listener', new CountingProxy(server.server.mqttUrl));
      if (mosquitto) proxies.set('broker', new CountingProxy(mosquitto.url));
      for (const proxy of proxies.values()) await proxy.start();
      for (const way of ways) {
        const proxy = proxies.get(way.place);
        if (proxy) lines.push(...(await measure(way, proxy)));
        say(proxy ? way.name : `${way.name}: there is no Mosquitto on this machine`);
      }
      // MQTT says nothing of it: bytes that were not taken are no measure.
      const { rejected } = await server.stats();
      if (rejected > 0) throw new Error(`${rejected} readings were rejected`);
      return lines;
    } finally {
      for (const proxy of proxies.values()) await proxy.stop();
      await server.stop();
      await mosquitto?.stop();
    }
  },
};

async function measure({ name, place, format, batch, open }: Way, proxy: CountingProxy): Promise<Line[]> {
  const sender = await open(proxy.url);
  let before = { sent: 0, answered: 0 };
  for (let number = 1; number <= 2 * messages; number++) {
    if (number === messages + 1) before = { sent: proxy.sent, answered: proxy.answered };
    const readings = place === 'HTTP' ? readingsOfAll(batch, number) : readingsOfOne(batch, number);
    await sender.send(messageOf(format, readings, number, name.startsWith('stream')), number);
  }
  const count = messages * batch;
  const lines = [
    amountLine(name, 'B', null, [(proxy.sent - before.sent) / count]),
    amountLine(`${name}: answers`, 'B', null, [(proxy.answered - before.answered) / count]),
  ];
  await sender.close();
  return lines;
}

/** Of one device after the other. */
function readingsOfAll(batch: number, number: number): FormatReading[] {
  return Array.from({ length: batch }, (_, index) => {
    const place = number * batch + index;
    return readingOf(place % deviceCount, Math.floor(place / deviceCount));
  });
}

/** Of the message's device, a step after the other. */
function readingsOfOne(batch: number, number: number): FormatReading[] {
  return Array.from({ length: batch }, (_, index) => readingOf(number, index));
}

function readingOf(device: number, step: number): FormatReading {
  return JSON.parse(readingText(device, step, firstTimeMs + step * stepMs)) as FormatReading;
}

function deviceOf(number: number): string {
  return readingOf(number, 0).device;
}

function messageOf(format: Format, readings: FormatReading[], number: number, isFrame: boolean): Uint8Array {
  if (!isFrame) return encodeReadings(format, readings).bytes;
  if (format === 'senml-cbor') return encodeReadings(format, readings, number).bytes;
  return Buffer.from(
    JSON.stringify(readings.length === 1 ? { seq: number, ...readings[0] } : { seq: number, readings }),
  );
}
