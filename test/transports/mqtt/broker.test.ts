import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Aedes } from 'aedes';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import t, { type Test } from 'tap';
import { brokerConnections } from '../../../src/transports/mqtt/broker.js';
import { startInlet, type InletProcess } from '../../servers/inlet.js';
import { mosquittoIsMissing, startMosquitto } from '../../servers/mosquitto.js';
import { until } from '../../servers/until.js';
import { Inbox } from '../inbox.js';
import { startFull } from './full-service.js';

const at = 1_700_000_000_000;
const patienceMs = 20_000;

interface Told {
  topic: string;
  payload: Record<string, unknown>;
  correlation: string | undefined;
  contentType: string | undefined;
}

async function connect(t: Test, url: string, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...options });
  client.on('error', () => undefined);
  t.teardown(() => client.end(true));
  return client;
}

async function hear(client: MqttClient, topic: string): Promise<Inbox<Told>> {
  const inbox = new Inbox<Told>();
  client.on('message', (topic, payload, { properties }) => {
    inbox.put({
      topic,
      payload: JSON.parse(payload.toString()) as Record<string, unknown>,
      correlation: properties?.correlationData?.toString(),
      contentType: properties?.contentType,
    });
  });
  await client.subscribeAsync(topic, { qos: 1 });
  return inbox;
}

const publish = (client: MqttClient, device: string, batch: unknown, properties: object = {}) =>
  client.publishAsync(`inlet/v1/readings/${device}`, typeof batch === 'string' ? batch : JSON.stringify(batch), {
    qos: 1,
    properties,
  });

/** Whether so many readings of the device come: a message without a PUBACK comes again, and counts again. */
async function stores(service: InletProcess, device: string, count: number): Promise<boolean> {
  const address = `/v1/history?devices=${device}&from=${at}&to=${at + count}`;
  return until(async () => (await service.getJson<{ rows: unknown[] }>(address)).rows.length === count, patienceMs);
}

if (!mosquittoIsMissing('MQTT through a broker')) {
  await t.test('devices behind a broker', async (t) => {
    const mosquitto = await startMosquitto(t);
    const service = await startInlet(t, { INLET_MQTT_URL: mosquitto.url });
    await service.takesFromBroker();

    await t.test('who names a response topic gets a receipt there, always, with its correlation data', async (t) => {
      const client = await connect(t, mosquitto.url);
      const inbox = await hear(client, 'answers/1');
      const asked = { responseTopic: 'answers/1', correlationData: Buffer.from('c-17') };
      await publish(client, 'd1', { id: 'b-1', readings: [{ fields: { a: 1 } }] }, asked);
      t.same(await inbox.take(), {
        topic: 'answers/1',
        payload: { id: 'b-1', accepted: 1, rejected: 0 },
        correlation: 'c-17',
        contentType: 'application/json',
      });
      await publish(client, 'd1', 'no JSON', asked);
      t.match(await inbox.take(), { payload: { code: 'malformed' }, contentType: 'application/problem+json' });
      await publish(client, 'd1', 'a: 1', { ...asked, contentType: 'application/yaml' });
      t.match(await inbox.take(), { payload: { code: 'unsupported_media_type' } });
      await publish(client, 'd1', { fields: { a: 1 } }, { ...asked, contentType: 'Application/JSON; charset=utf-8' });
      t.match(await inbox.take(), { payload: { accepted: 1 } });
    });

    await t.test('else only what was rejected is told, on the topic of receipts', async (t) => {
      const client = await connect(t, mosquitto.url, { protocolVersion: 4 });
      const inbox = await hear(client, 'inlet/v1/receipts/+');
      await publish(client, 'd1', { fields: { a: 2 } });
      await publish(client, 'd2', { device: 'd1', fields: { a: 3 } });
      t.match(await inbox.take(), { topic: 'inlet/v1/receipts/d2', payload: { results: [{ code: 'forbidden' }] } });
    });

    await t.test('a response topic that none can publish to does no harm', async (t) => {
      const client = await connect(t, mosquitto.url);
      const inbox = await hear(client, 'inlet/v1/receipts/d3');
      for (const responseTopic of ['$SYS/broker', 'x'.repeat(2000)]) {
        await publish(client, 'd3', '{', { responseTopic });
        t.match(await inbox.take(), { payload: { code: 'malformed' } });
      }
      await service.takesFromBroker();
    });

    await t.test(
      'a name as long as the message is not said back in full, so that the answer can be sent',
      async (t) => {
        const client = await connect(t, mosquitto.url);
        const inbox = await hear(client, 'inlet/v1/receipts/d6');
        // As a JSON Pointer it is twice as long, and more than the broker takes.
        await publish(client, 'd6', { fields: { ['~'.repeat(1_000_000)]: 1 } });
        t.match(await inbox.take(), {
          payload: { rejected: 1, results: [{ code: 'fields_invalid', path: /^.{1,256}$/ }] },
        });
        await publish(client, 'd6', { ['~'.repeat(1_000_000)]: 1, readings: [] });
        t.match(await inbox.take(), { payload: { code: 'malformed', detail: /^.{1,512}$/ } });
        await service.takesFromBroker();
      },
    );

    await t.test('its status is there for whoever comes, and its last will says when it dies', async (t) => {
      const watching = await hear(await connect(t, mosquitto.url), 'inlet/v1/status/+');
      const { topic, payload } = await watching.take();
      t.same(payload, { instance: topic.slice('inlet/v1/status/'.length), state: 'online' });
      await service.kill9();
      t.same((await watching.take()).payload, { ...payload, state: 'offline' });
      await service.start();
      t.same((await watching.take()).payload, { ...payload, state: 'online' });
      await service.takesFromBroker();
      await service.stop();
      t.same((await watching.take()).payload, { ...payload, state: 'offline' });
    });

    await t.test('what is published while it is away waits for it', async (t) => {
      const client = await connect(t, mosquitto.url);
      for (let n = 0; n < 200; n++) await publish(client, 'd4', { ts: at + n, fields: { a: n } });
      await service.start();
      t.ok(await stores(service, 'd4', 200));
    });

    await t.test('after a restart of the broker it subscribes again, also to what the session had', async (t) => {
      for (let restart = 0; restart < 2; restart++) {
        await mosquitto.stop();
        t.ok(await until(async () => (await service.metric('inlet_mqtt_connections{way="broker"}')) === 0, patienceMs));
        t.equal((await fetch(`${service.url}/readyz`)).status, 200, 'a broker that is away does not make it unready');
        await mosquitto.start();
        await service.takesFromBroker();
        const client = await connect(t, mosquitto.url);
        const device = `d5-${restart}`;
        const count = 4 * brokerConnections;
        for (let n = 0; n < count; n++) await publish(client, device, { ts: at + n, fields: { a: n } });
        t.ok(await stores(service, device, count), 'every connection gets its share');
      }
    });
  });

  await t.test('no room: the broker keeps the message, unacknowledged, until there is', async (t) => {
    const mosquitto = await startMosquitto(t);
    const { service, storeComes } = await startFull(t, { INLET_MQTT_URL: mosquitto.url });
    await service.takesFromBroker();
    const before = (await service.stats()).accepted;
    const client = await connect(t, mosquitto.url);
    const count = 3 * brokerConnections;
    for (let n = 0; n < count; n++) {
      await publish(client, 'waiting', { ts: at + n, fields: { text: 'x'.repeat(1000) } });
    }
    const held = () => service.metric('inlet_mqtt_held_messages{way="broker"}');
    t.ok(await until(async () => (await held()) === count, patienceMs), 'all are held');
    await pause(1500);
    t.equal((await service.stats()).accepted, before);
    await service.kill9();
    await service.start();
    t.ok(await until(async () => (await held()) === count, patienceMs), 'and again after a crash');
    storeComes();
    t.ok(
      await until(async () => (await service.stats()).accepted === before + count, patienceMs),
      'none is lost, and none is taken twice',
    );
    t.equal(await held(), 0);
  });

  await t.test(
    'a broker that is away at start, or refuses it, is no error, and taken from when it lets it',
    async (t) => {
      const directory = t.testdir({ passwords: '' });
      const passwords = path.join(directory, 'passwords');
      const known = (password: string) => spawnSync('mosquitto_passwd', ['-b', passwords, 'inlet', password]).status;
      const password = 'p/a:s@s#1';
      t.equal(known('an0ther'), 0);
      const mosquitto = await startMosquitto(t, { access: ['allow_anonymous false', `password_file ${passwords}`] });
      await mosquitto.stop();
      const url = mosquitto.url.replace('//', `//inlet:${encodeURIComponent(password)}@`);
      const service = await startInlet(t, { INLET_MQTT_URL: url, INLET_LOG_LEVEL: 'trace' });
      const said = () => [...service.stdout, ...service.stderr].join('\n');
      const isTold = (what: RegExp) => until(async () => what.test(said()), patienceMs);
      t.equal((await fetch(`${service.url}/readyz`)).status, 200);
      t.ok(await isTold(/ECONNREFUSED/), 'that it is away is logged');
      await mosquitto.start();
      t.ok(await isTold(/Not authorized/i), 'and a refusal is');
      await mosquitto.stop();
      t.equal(known(password), 0);
      await mosquitto.start();
      await service.takesFromBroker();
      t.notMatch(said(), /p\/a:s|p%2Fa/, 'user and password go to the broker, and nowhere else');
    },
  );

  await t.test('over TLS it takes from a broker that Node trusts, and from no other', async (t) => {
    const directory = t.testdir({});
    const [key, certificate] = [path.join(directory, 'key.pem'), path.join(directory, 'certificate.pem')];
    const trusted = path.join(directory, 'trusted.pem');
    const makeCertificate = () => {
      const kind = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(' ');
      const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
      const made = spawnSync('openssl', [...kind, ...name, '-keyout', key, '-out', certificate]);
      t.equal(made.status, 0, String(made.stderr));
    };
    makeCertificate();
    const mosquitto = await startMosquitto(t, { listener: [`certfile ${certificate}`, `keyfile ${key}`] });
    // It listens before it has read them.
    t.ok(await until(() => speaksTls(mosquitto.port), patienceMs));
    // The same again, with another key: that one is trusted.
    makeCertificate();
    await copyFile(certificate, trusted);
    const url = mosquitto.url.replace('mqtt:', 'mqtts:');
    const service = await startInlet(t, { INLET_MQTT_URL: url, NODE_EXTRA_CA_CERTS: trusted });
    const isTold = async () => service.stdout.some((line) => /certificate/i.test(line));
    t.ok(await until(isTold, patienceMs));
    t.equal(await service.metric('inlet_mqtt_connections{way="broker"}'), undefined);
    await mosquitto.stop();
    await mosquitto.start();
    await service.takesFromBroker();
  });
}

async function speaksTls(port: number): Promise<boolean> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  return once(socket, 'secureConnect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}

await t.test('a broker that knows nothing newer is spoken to by MQTT 3.1.1', async (t) => {
  const old = await Aedes.createBroker();
  const server = createServer(old.handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    old.close();
    server.close();
  });
  const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const service = await startInlet(t, { INLET_MQTT_URL: url });
  await service.takesFromBroker();
  const clients = Object.values((old as unknown as { clients: Record<string, { version: number }> }).clients);
  t.same(new Set(clients.map(({ version }) => version)), new Set([4]));
});
