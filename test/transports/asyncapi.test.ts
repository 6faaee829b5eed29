/** /asyncapi.json against AsyncAPI's own schema, and against what really goes through the connections. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { connectAsync } from 'mqtt';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { encodeCursor } from '../../src/live/cursor.js';
import { closeCodes } from '../../src/transports/ws/close-codes.js';
import type { AsyncApiDocument } from '../../src/transports/http/asyncapi/document.js';
import { freePort } from '../../bench/servers/free-port.js';
import { startInlet } from '../servers/inlet.js';
import { until } from '../servers/until.js';

const mqttPort = await freePort();
const service = await startInlet(t, { INLET_MQTT_LISTEN: `127.0.0.1:${mqttPort}` });
const document = await service.getJson<AsyncApiDocument>('/asyncapi.json');

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(document, 'asyncapi');

/** What went through one connection, by the kinds that the document has for it. */
class Session {
  readonly #t: Test;
  readonly #channel: string;
  readonly #received: { [key: string]: unknown }[] = [];
  readonly #sent: unknown[] = [];
  #socket: WebSocket | undefined;

  constructor(t: Test, channel: string) {
    this.#t = t;
    this.#channel = channel;
  }

  async open(path: string): Promise<void> {
    const socket = new WebSocket(service.url.replace('http', 'ws') + path);
    this.#socket = socket;
    socket.on('message', (data: Buffer) =>
      this.#received.push(JSON.parse(data.toString()) as { [key: string]: unknown }),
    );
    this.#t.teardown(() => socket.terminate());
    await once(socket, 'open');
  }

  /** @param why it is none that the document has; left out where it has to be one */
  send(frame: unknown, why?: string): void {
    if (why === undefined) this.#sent.push(frame);
    this.#socket!.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  async has(isIt: (message: { [key: string]: unknown }) => boolean): Promise<void> {
    await until(async () => this.#received.some(isIt));
  }

  /** Waits until there was one of each kind; the cursor of a quiet subscription comes every 30 s. */
  async isComplete(): Promise<void> {
    const wanted = kinds(this.#channel, 'send').toSorted();
    const seen = () => new Set(this.#received.flatMap((message) => kindsOf(this.#channel, 'send', message)));
    const deadline = Date.now() + 60_000;
    while (seen().size < wanted.length && Date.now() < deadline) await new Promise((wait) => setTimeout(wait, 100));
    this.#t.same([...seen()].toSorted(), wanted, 'each kind came');
    for (const message of this.#received) {
      this.#t.equal(kindsOf(this.#channel, 'send', message).length, 1, JSON.stringify(message).slice(0, 200));
    }
    const taken = new Set(this.#sent.flatMap((frame) => kindsOf(this.#channel, 'receive', frame)));
    this.#t.same([...taken].toSorted(), kinds(this.#channel, 'receive').toSorted(), 'each kind was sent');
  }
}

await t.test('the document is AsyncAPI 3.0, and every reference in it leads somewhere', async (t) => {
  const file = createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0-without-$id.json');
  const specification = new Ajv({ strict: false, allErrors: true });
  (addFormats as unknown as (ajv: Ajv) => void)(specification);
  const isAsyncApi = specification.compile(JSON.parse(readFileSync(file, 'utf8')) as object);
  t.ok(isAsyncApi(document), 'valid', { errors: isAsyncApi.errors });
  t.notOk(isAsyncApi({ ...document, operations: { x: { action: 'shout', channel: {} } } }), 'the check can fail');
  const text = JSON.stringify(document);
  for (const [, reference] of text.matchAll(/"\$ref":"([^"]*)"/g)) t.ok(resolve(reference!), reference!);
  t.notMatch(text, /\.schema\.json|\$defs/, 'nothing of the files shows');
});

await t.test('every example is a message of its kind', async (t) => {
  for (const [name, { examples = [] }] of Object.entries(document.components.messages)) {
    const isValid = validator(name);
    for (const { payload } of examples) t.ok(isValid(payload), name, { errors: isValid.errors });
  }
});

await t.test('it names the sockets, where they are, and each reason for which the server ends one', async (t) => {
  const { host } = new URL(service.url);
  t.match(document.servers, { websocket: { host, protocol: 'ws' } });
  for (const [name, address] of [
    ['stream', '/v1/stream'],
    ['live', '/v1/live'],
  ] as const) {
    t.match(document.channels[name], { address, servers: [{ $ref: '#/servers/websocket' }] });
  }
  const named = new Set(Object.keys({ ...document.channels['live']!['x-close-codes'] }).map(Number));
  for (const code of Object.values(closeCodes)) t.ok(named.has(code), `${code}`);
});

await t.test('MQTT is described where it is switched on, without anybody’s password', async (t) => {
  t.match(document.servers, { mqttListener: { host: `127.0.0.1:${mqttPort}`, protocol: 'mqtt' } });
  const without = await startInlet(t);
  const plain = await without.getJson<AsyncApiDocument>('/asyncapi.json');
  t.same(Object.keys(plain.channels), ['stream', 'live']);
  t.same(Object.keys(plain.servers), ['websocket']);
  const brokered = await startInlet(t, { INLET_MQTT_URL: 'mqtt://me:secret@127.0.0.1:1' });
  const { servers, channels } = await brokered.getJson<AsyncApiDocument>('/asyncapi.json');
  t.match(servers, { mqttBroker: { host: '127.0.0.1:1', protocol: 'mqtt' } });
  t.match(channels['mqttReadings'], { servers: [{ $ref: '#/servers/mqttBroker' }] });
  t.match(channels['mqttBus'], { address: 'inlet/v1/bus/{instance}', servers: [{ $ref: '#/servers/mqttBroker' }] });
  t.notOk('mqttLive' in channels, 'nothing is republished');
  t.notMatch(JSON.stringify(servers), /secret|me:/);
});

await t.test(
  'everything that /v1/stream sends and takes is described, and everything described goes through it',
  async (t) => {
    const session = new Session(t, 'stream');
    await session.open('/v1/stream');
    session.send({ seq: 1, device: 'd1', fields: { a: 1 } });
    session.send({ seq: 2, device: 'd1', id: 'b-1', readings: [{ fields: { a: 1 } }] });
    session.send([{ device: 'd1', fields: { a: 1 } }]);
    session.send({ seq: 3, device: 'd1', readings: [{ fields: {} }] }, 'not all are good');
    session.send('{', 'no frame');
    await session.isComplete();
  },
);

await t.test(
  'everything that /v1/live sends and takes is described, and everything described goes through it',
  async (t) => {
    const session = new Session(t, 'live');
    await session.open('/v1/live');
    await service.send({ device: 'd1', fields: { a: 1 } });
    await service.settled();
    session.send({ id: 1, subscribe: { devices: ['d1'], snapshot: true } });
    session.send({ id: 2, subscribe: { devices: ['d1'], history: { since: '-15m' }, presence: true } });
    session.send({ id: 3, subscribe: { cursor: encodeCursor(new Map([['00000000', 5]])) } });
    session.send({ id: 4, subscribe: { devices: ['nobody'] } });
    session.send({ id: 5, ping: {} });
    session.send({ id: 6, subscribe: { devices: [] } }, 'not valid');
    await session.has((message) => message['id'] === 6);
    await service.send({ device: 'd1', fields: { a: 2 } });
    session.send({ id: 7, unsubscribe: { subscription: 's1' } });
    await session.isComplete();
  },
);

await t.test('what goes over MQTT is where the document says, and as it says', async (t) => {
  const { mqttReadings, mqttReceipts } = document.channels;
  const topicOf = (address: string) => address.replace('{device}', 'd1');
  const client = await connectAsync(`mqtt://127.0.0.1:${mqttPort}`);
  t.teardown(() => client.endAsync(true));
  const received: unknown[] = [];
  client.on('message', (_, payload) => received.push(JSON.parse(payload.toString())));
  await client.subscribeAsync(topicOf(mqttReceipts!.address), { qos: 1 });
  for (const batch of ['{"fields":{"a":1}}', '[{"fields":{}}]', '[']) {
    await client.publishAsync(topicOf(mqttReadings!.address), batch, { qos: 1 });
  }
  t.ok(await until(async () => received.length === 2));
  t.same(
    received.map((message) => kindsOf('mqttReceipts', 'send', message)),
    [['Receipt'], ['Problem']],
  );
});

function kinds(channel: string, action: 'send' | 'receive'): string[] {
  const operation = Object.values(document.operations).find((one) => {
    return one.action === action && one.channel.$ref === `#/channels/${channel}`;
  });
  return operation!.messages.map(({ $ref }) => $ref.slice($ref.lastIndexOf('/') + 1));
}

function kindsOf(channel: string, action: 'send' | 'receive', message: unknown): string[] {
  return kinds(channel, action).filter((name) => validator(name)(message));
}

function validator(message: string): ValidateFunction {
  const { $ref } = document.components.messages[message]!.payload;
  return ajv.getSchema(`asyncapi${$ref}`) ?? ajv.compile({ $ref: `asyncapi${$ref}` });
}

function resolve(reference: string): unknown {
  let place: unknown = document;
  for (const key of reference.split('/').slice(1)) place = (place as { [key: string]: unknown } | undefined)?.[key];
  return place;
}
