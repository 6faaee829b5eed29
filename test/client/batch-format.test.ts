/** Devices that write another format than JSON, against the service itself. */
import t from 'tap';
import { WebSocket } from 'ws';
import { batchFormat } from '../../simulators/format.js';
import { HttpDevice, MqttDevice, StreamDevice, type Device, type DeviceEvents } from '../../src/client/index.js';
import { inReadings } from '../../src/client/batch-format.js';
import { startInlet, type InletProcess } from '../servers/inlet.js';
import { until } from '../servers/until.js';
import { quickBackoff, readings, Witness } from './device-promises.js';

const format = batchFormat('senml-cbor');

type Open = (service: InletProcess, events: DeviceEvents) => Device;

const service = await startInlet(t, { INLET_MQTT_LISTEN: '127.0.0.1:0' });

const devices: [name: string, open: Open][] = [
  [
    'HttpDevice',
    ({ url }, events) =>
      new HttpDevice({ url, format, batchReadings: 3, batchDelayMs: 1, backoff: quickBackoff, ...events }),
  ],
  ['StreamDevice', ({ url }, events) => new StreamDevice({ url, format, WebSocket, backoff: quickBackoff, ...events })],
];

/** Three readings of two records each; the second has one that is rejected. */
function partlyBad() {
  return [1, 2, 3].map((n) => ({
    device: 'boiler-7',
    ts: 1_700_000_000_000 + n,
    fields: { temperature: n === 2 ? 'warm' : n, pressure: n },
  }));
}

for (const [at, [name, open]] of devices.entries()) {
  await t.test(`${name}: where receipts count records, readings are told of, each once`, async (t) => {
    const witness = new Witness();
    const device = open(service, witness.events);
    device.start();
    await device.send(partlyBad());
    await device.flush();
    device.stop();
    t.match(witness.answers, [{ accepted: 2, rejected: 1, rejections: [{ index: 1, code: 'field_type' }] }]);
  });

  await t.test(`${name}: batches of a format go again after kill -9, and nothing is lost or doubled`, async (t) => {
    const witness = new Witness();
    const device = open(service, witness.events);
    device.start();
    const first = 1000 * (at + 1);
    for (let from = first; from < first + 300; from += 3) {
      if (from === first + 150) {
        await until(() => Promise.resolve(witness.accepted > 0), 20_000);
        await service.kill9();
        await service.start();
      }
      await device.send(readings(3, from));
    }
    await device.flush();
    device.stop();
    t.equal(witness.accepted, 300);
    await service.settled();
    const [from, to] = [first, first + 300].map((place) => readings(1, place)[0]!.ts);
    const page = await service.getJson<{ rows: unknown[] }>(`/v1/history?devices=boiler-7&from=${from}&to=${to}`);
    t.equal(page.rows.length, 300);
  });
}

await t.test(
  'a stream has no frames of a format that was not agreed, and an MQTT 3.1.1 server none but JSON',
  async (t) => {
    const stream = new StreamDevice({ url: service.url, format: batchFormat('line'), WebSocket });
    t.throws(() => stream.start(), { name: 'TypeError', message: /no frames of text\/plain/ });

    const { mqttConnect } = await import('../../simulators/mqtt.js');
    const device = new MqttDevice({ url: service.mqttUrl, format, connect: mqttConnect(), backoff: quickBackoff });
    device.start();
    await device.send(readings(3));
    await t.rejects(device.flush(), { name: 'DeviceFailed', code: 'unsupported_media_type' });
    t.same(device.unacked(), readings(3), 'and they can be taken back');
  },
);

await t.test('of records that a receipt does not list, each may be of another reading', (t) => {
  const readingOf = Array.from({ length: 200 }, (_, record) => Math.floor(record / 4));
  const results = Array.from({ length: 100 }, (_, index) => {
    return { index, code: 'field_type', path: '/v', message: 'must be number' } as const;
  });
  const encoded = { body: '', readingOf };
  t.match(inReadings({ rejected: 130, results }, readings(50), encoded), { accepted: 0, rejected: 50 });
  t.match(inReadings({ rejected: 110, results }, readings(50), encoded), { accepted: 15, rejected: 35 });
  t.match(inReadings({ rejected: 100, results }, readings(50), encoded), { accepted: 25, rejected: 25 });
  t.match(inReadings({ rejected: 2 }, readings(50), { body: '' }), { accepted: 48, rejected: 2 });
  t.end();
});
