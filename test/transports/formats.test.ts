import { encode } from 'cborg';
import { connectAsync } from 'mqtt';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import type { Problem } from '../../src/domain/generated/problem.js';
import type { Receipt } from '../../src/domain/refusal.js';
import { formatContract, formats, mediaTypes, type Format, type FormatIngress } from '../contracts/formats.js';
import { storedOf, type Outcome } from '../contracts/ingress/subject.js';
import { startInlet, type InletProcess } from '../servers/inlet.js';
import { mosquittoIsMissing, startMosquitto } from '../servers/mosquitto.js';
import { Inbox } from './inbox.js';
import { openStream, type StreamAnswer, type StreamClient } from './stream-client.js';

const limitBytes = 1024 * 1024;

function http({ url }: InletProcess, isPacked: boolean): FormatIngress {
  return {
    formats,
    tooLarge: 'too_large',
    tooLargeBytes: isPacked ? 8 * limitBytes : limitBytes,
    isEndless: true,
    async send(format, bytes) {
      const headers = { 'content-type': mediaTypes[format], ...(isPacked ? { 'content-encoding': 'gzip' } : {}) };
      const body = isPacked ? gzipSync(bytes) : bytes;
      const response = await fetch(`${url}/v1/readings`, { method: 'POST', headers, body: new Uint8Array(body) });
      const answer: unknown = await response.json();
      if (response.status >= 500) throw new Error(JSON.stringify(answer));
      return response.ok || response.status === 422
        ? { receipt: answer as Receipt }
        : { refused: (answer as Problem).code };
    },
    close: async () => undefined,
  };
}

/** JSON in text frames, SenML in binary ones. A frame with a number behind each says when there was nothing to say of it. */
function stream({ url }: InletProcess): FormatIngress {
  let client: StreamClient | undefined;
  let seq = 0;
  return {
    formats: ['json', 'senml-cbor'],
    // RFC 6455 §8.1: of a text frame.
    notText: { json: 'closed 1007' },
    tooLarge: 'closed 1009',
    tooLargeBytes: limitBytes,
    async send(format, bytes, { count }) {
      if (!client?.isOpen) {
        client = await openStream(url, { protocols: ['inlet.v1.senml+cbor'] });
        seq = 0;
      }
      client.socket.send(bytes, { binary: format === 'senml-cbor' });
      client.send({ seq: ++seq, device: 'sentinel', fields: { sentinel: 1 } });
      const answer = await client.next();
      if (!('closed' in answer) && answer.seq === seq) return { receipt: { accepted: count, rejected: 0 } };
      if (!('closed' in answer)) await client.next();
      return streamOutcome(answer);
    },
    async close() {
      await client?.close();
    },
  };
}

function streamOutcome(answer: StreamAnswer): Outcome {
  if ('closed' in answer) return { refused: `closed ${answer.closed}` };
  if (answer.type === 'error') return { refused: answer.code };
  const { type: _, seq: __, ...receipt } = answer;
  return { receipt };
}

async function mqtt(url: string): Promise<FormatIngress> {
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
  const inbox = new Inbox<Receipt | Problem>();
  client.on('message', (_, answer) => inbox.put(JSON.parse(answer.toString()) as Receipt | Problem));
  await client.subscribeAsync('test/answers', { qos: 1 });
  return {
    formats,
    tooLarge: 'too_large',
    tooLargeBytes: limitBytes,
    async send(format, bytes, { device }) {
      const properties = { responseTopic: 'test/answers', contentType: mediaTypes[format] };
      await client.publishAsync(`inlet/v1/readings/${device}`, bytes, { qos: 1, properties });
      const answer = await inbox.take();
      return 'code' in answer ? { refused: answer.code } : { receipt: answer };
    },
    close: async () => client.endAsync(),
  };
}

const transports: [name: string, open: (t: Test) => Promise<[InletProcess, FormatIngress]>][] = [
  ['HTTP', async (t) => withService(await startInlet(t), (service) => http(service, false))],
  ['HTTP with gzip', async (t) => withService(await startInlet(t), (service) => http(service, true))],
  ['stream', async (t) => withService(await startInlet(t), stream)],
];
if (!mosquittoIsMissing('The formats over MQTT')) {
  transports.push([
    'MQTT',
    async (t) => {
      const mosquitto = await startMosquitto(t);
      const service = await startInlet(t, { INLET_MQTT_URL: mosquitto.url });
      await service.takesFromBroker();
      return [service, await mqtt(mosquitto.url)];
    },
  ]);
}

const answers: Map<string, Outcome>[] = [];
for (const [name, open] of transports) {
  await t.test(name, async (t) => {
    answers.push(await formatContract(t, ...(await open(t))));
  });
}

await t.test('a pack in a frame may have the number of the frame', async (t) => {
  const { url } = await startInlet(t);
  const client = await openStream(url, { protocols: ['inlet.v1', 'inlet.v1.senml+cbor'] });
  t.equal(client.socket.protocol, 'inlet.v1.senml+cbor');
  const pack = (seq: number) =>
    encode([
      new Map<unknown, unknown>([
        ['seq', seq],
        [0, 'numbered'],
        [2, 1],
      ]),
    ]);
  client.socket.send(pack(7));
  t.same(await client.next(), { type: 'ack', seq: 7, accepted: 1, rejected: 0 });
  client.socket.send(pack(7));
  t.same(await client.next(), { closed: 4400 }, 'which has to rise');
});

await t.test('SenML names are read as the settings say, whichever way they come', async (t) => {
  const resolved = 'urn:dev:ow:264437f5000000ed_humidity';
  for (const [rule, device, field] of [
    ['split', 'urn:dev:ow:264437f5000000ed', 'humidity'],
    ['whole', resolved, 'value'],
  ] as const) {
    const service = await startInlet(t, { INLET_SENML_NAMES: rule, INLET_SENML_SEPARATORS: '_' });
    const ways = { senml: http(service, false), 'senml-cbor': stream(service) };
    for (const [at, [format, way]] of Object.entries(ways).entries()) {
      const bytes =
        format === 'senml'
          ? JSON.stringify([{ n: resolved, bt: 1_700_000_000 + at, v: at }])
          : encode([
              new Map<number, unknown>([
                [0, resolved],
                [-3, 1_700_000_000 + at],
                [2, at],
              ]),
            ]);
      const outcome = await way.send(format as Format, Buffer.from(bytes), { device, count: 1 });
      t.match(outcome, { receipt: { accepted: 1, rejected: 0 } }, `${rule} of ${format}`);
      await way.close();
    }
    await service.settled();
    const rows = await storedOf(service, { device, types: 'telemetry' });
    t.match(rows, [{ [field]: 0 }, { [field]: 1 }], rule);
  }
});

await t.test('every transport gives the same receipt to the same bytes, word for word', async (t) => {
  const [first, ...others] = answers;
  for (const other of others) {
    for (const [name, outcome] of other) {
      const isOfTransport = name.endsWith('-5') || ('refused' in outcome && outcome.refused.startsWith('closed'));
      if (!isOfTransport) t.same(outcome, first!.get(name), name);
    }
  }
});

function withService(
  service: InletProcess,
  open: (service: InletProcess) => FormatIngress,
): [InletProcess, FormatIngress] {
  return [service, open(service)];
}
