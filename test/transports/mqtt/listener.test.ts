import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectMqtt, connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import t, { type Test } from 'tap';
import { startInlet, type InletProcess } from '../../servers/inlet.js';
import { until } from '../../servers/until.js';
import { Inbox } from '../inbox.js';
import { startFull } from './full-service.js';

const listening = { INLET_MQTT_LISTEN: '127.0.0.1:0' };
const at = 1_700_000_000_000;

async function connect(t: Test, { mqttUrl }: InletProcess, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await connectAsync(mqttUrl, { protocolVersion: 4, reconnectPeriod: 0, ...options });
  client.on('error', () => undefined);
  t.teardown(() => client.end(true));
  return client;
}

async function closed(client: MqttClient): Promise<void> {
  await new Promise<void>((resolve) => client.once('close', () => resolve()));
}

async function receipts(client: MqttClient, device: string): Promise<Inbox<Record<string, unknown>>> {
  const inbox = new Inbox<Record<string, unknown>>();
  client.on('message', (_, payload) => inbox.put(JSON.parse(payload.toString()) as Record<string, unknown>));
  await client.subscribeAsync(`inlet/v1/receipts/${device}`);
  return inbox;
}

const publish = (client: MqttClient, device: string, batch: unknown) =>
  client.publishAsync(`inlet/v1/readings/${device}`, typeof batch === 'string' ? batch : JSON.stringify(batch), {
    qos: 1,
  });

const rows = async (service: InletProcess, device: string) => {
  await service.settled();
  const { rows } = await service.getJson<{ rows: unknown[][] }>(
    `/v1/history?devices=${device}&from=${at - 1000}&to=${Date.now() + 1000}`,
  );
  return rows;
};

await t.test('devices on our own listener', async (t) => {
  const service = await startInlet(t, listening);

  await t.test('a reading is of the device that the topic names, and of no other', async (t) => {
    const client = await connect(t, service);
    const inbox = await receipts(client, 'boiler-1');
    const reading = { ts: at, fields: { a: 1 } };
    await publish(client, 'boiler-1', [reading, { ...reading, device: 'boiler-2' }, { ...reading, device: 7 }]);
    t.match(await inbox.take(), {
      accepted: 1,
      rejected: 2,
      results: [
        { index: 1, code: 'forbidden', path: '/device' },
        { index: 2, code: 'device_invalid', path: '/device' },
      ],
    });
    t.equal((await rows(service, 'boiler-1')).length, 1);
    t.equal((await rows(service, 'boiler-2')).length, 0);
  });

  await t.test('QoS 0, 1 and 2 are taken', async (t) => {
    const client = await connect(t, service);
    for (const qos of [0, 1, 2] as const) {
      await client.publishAsync('inlet/v1/readings/qos', JSON.stringify({ ts: at + qos, fields: { a: qos } }), { qos });
    }
    t.ok(await until(async () => (await rows(service, 'qos')).length === 3));
  });

  await t.test('what is no batch is acknowledged, answered and counted, and not asked for again', async (t) => {
    const client = await connect(t, service);
    const inbox = await receipts(client, 'poison');
    const name = 'inlet_mqtt_messages_total{way="listener",outcome="refused"}';
    const before = (await service.metric(name)) ?? 0;
    await publish(client, 'poison', '{"fields":');
    t.match(await inbox.take(), { code: 'malformed', status: 400 });
    await publish(client, 'poison', '[]');
    t.match(await inbox.take(), { code: 'empty_batch' });
    t.equal(await service.metric(name), before + 2);
  });

  await t.test('publishing elsewhere ends the connection; nothing of it is taken', async (t) => {
    for (const topic of [
      'inlet/v1/readings',
      'inlet/v1/readings/a/b',
      'inlet/v1/receipts/a',
      '$SYS/x',
      'inlet/v1/status/a',
    ]) {
      const client = await connect(t, service);
      const ended = closed(client);
      client.publish(topic, '{"fields":{"a":1}}', { qos: 1 });
      await ended;
      t.pass(topic);
    }
    t.ok(((await service.metric('inlet_mqtt_connections_cut_total{reason="topic"}')) ?? 0) >= 5);
  });

  await t.test('nothing but receipts of one device can be subscribed to', async (t) => {
    const client = await connect(t, service);
    const topics = [
      '#',
      '+/+/+/+',
      '$SYS/#',
      'inlet/v1/readings/a',
      'inlet/v1/receipts/+',
      'inlet/v1/receipts/#',
      'inlet/#',
    ];
    for (const topic of topics) await t.rejects(client.subscribeAsync(topic), topic);
    t.match(await client.subscribeAsync('inlet/v1/receipts/a'), [{ qos: 0 }]);
  });

  await t.test('a session ends with its connection, and nothing is retained', async (t) => {
    const options = { clientId: 'returning', clean: false };
    const first = await connect(t, service, options);
    await receipts(first, 'returning');
    await first.publishAsync('inlet/v1/readings/returning', '{"fields":{"a":1}}', { qos: 1, retain: true });
    await first.endAsync();
    const again = connectMqtt(service.mqttUrl, { protocolVersion: 4, reconnectPeriod: 0, ...options });
    t.teardown(() => again.end(true));
    const sessionPresent = await new Promise((resolve) => {
      again.once('connect', (connack) => resolve(connack.sessionPresent));
    });
    t.equal(sessionPresent, false);
  });

  await t.test('a last will may be a reading', async (t) => {
    const will = { topic: 'inlet/v1/readings/dying', payload: JSON.stringify({ ts: at, fields: { alive: false } }) };
    const client = await connect(t, service, {
      will: { ...will, payload: Buffer.from(will.payload), qos: 1, retain: false },
    });
    client.stream.destroy();
    t.ok(await until(async () => (await rows(service, 'dying')).length === 1));
  });

  await t.test('a packet that announces too much is cut at its first bytes', async (t) => {
    const { port } = new URL(service.mqttUrl);
    const socket = connectSocket(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]));
    await once(socket, 'close');
    t.equal(await service.metric('inlet_mqtt_connections_cut_total{reason="too_large"}'), 1);
  });

  await t.test('one who does not read its receipts holds nobody else back', async (t) => {
    const deaf = await connect(t, service);
    await receipts(deaf, 'noisy');
    deaf.stream.pause();
    const client = await connect(t, service);
    const bad = JSON.stringify(Array.from({ length: 100 }, () => ({ fields: { ['x'.repeat(70)]: 1 } })));
    let published = 0;
    const lost = () => service.metric('inlet_mqtt_receipts_lost_total{way="listener"}');
    while (((await lost()) ?? 0) === 0 && published < 5000) {
      await Promise.all(Array.from({ length: 50 }, () => publish(client, 'noisy', bad)));
      published += 50;
    }
    t.ok(((await lost()) ?? 0) > 0, 'receipts beyond what a socket holds are dropped, and counted');
  });
});

await t.test('no room: no PUBACK, until there is', async (t) => {
  const { service, storeComes } = await startFull(t, listening);
  const client = await connect(t, service);
  let isAcked = false;
  const acked = publish(client, 'waiting', { ts: at, fields: { text: 'x'.repeat(1000) } }).then(() => (isAcked = true));
  const isHeld = async () => (await service.metric('inlet_mqtt_held_messages{way="listener"}')) === 1;
  t.ok(await until(isHeld), 'it is held');
  await pause(1500);
  t.notOk(isAcked, 'and not acknowledged');
  storeComes();
  await acked;
  t.equal(await service.metric('inlet_mqtt_held_messages{way="listener"}'), 0);
});

await t.test('told to stop it ends connections, and what is held gets no PUBACK', async (t) => {
  const { service } = await startFull(t, listening);
  const client = await connect(t, service);
  let isAcked = false;
  client.publish(
    'inlet/v1/readings/held',
    JSON.stringify({ fields: { text: 'x'.repeat(1000) } }),
    { qos: 1 },
    (error) => {
      isAcked = !error;
    },
  );
  t.ok(await until(async () => (await service.metric('inlet_mqtt_held_messages{way="listener"}')) === 1));
  const ended = closed(client);
  t.match(await service.stop(), { code: 0 });
  await ended;
  t.notOk(isAcked);
});
