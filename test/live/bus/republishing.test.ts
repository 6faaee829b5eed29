/** Readings for other programs, at a real broker. */
import { connectAsync } from 'mqtt';
import t from 'tap';
import { startInlet } from '../../servers/inlet.js';
import { mosquittoIsMissing, startMosquitto } from '../../servers/mosquitto.js';
import { until } from '../../servers/until.js';
import { LiveClient } from '../live-client.js';

if (!mosquittoIsMissing('Readings for other programs')) {
  const broker = await startMosquitto(t);
  const service = await startInlet(t, { INLET_MQTT_URL: broker.url, INLET_MQTT_REPUBLISH: '1' });
  const busOf = async () => (await service.stats()).bus!;

  await t.test('each accepted reading comes on the topic of its device and type, as in the live feed', async (t) => {
    const program = await connectAsync(broker.url);
    t.teardown(() => program.endAsync(true));
    const got: [topic: string, reading: unknown][] = [];
    program.on('message', (topic, payload) => got.push([topic, JSON.parse(payload.toString())]));
    await program.subscribeAsync('inlet/v1/live/+/+');
    const live = await LiveClient.open(t, service.url);
    await live.subscribe({});
    const tags = { site: 'Orléans, "sud"' };
    await service.send(
      { device: 'boiler-7', type: 'machine', tags, fields: { temperature: 73.9, running: true } },
      { device: 'd2', fields: { text: 'a\n"b"', n: 1 } },
      { device: 'd2', fields: { n: 2 } },
    );
    const { readings } = await live.readings(3);
    t.ok(await until(async () => got.length === 3));
    const topics = ['inlet/v1/live/boiler-7/machine', 'inlet/v1/live/d2/telemetry', 'inlet/v1/live/d2/telemetry'];
    t.same(
      got,
      readings.map((reading, k) => [topics[k], reading]),
    );
    t.match(await busOf(), { connected: true, peers: [], republished: 3, republishDropped: 0 });
    t.equal(await service.metric('inlet_republished_readings'), 3);
  });

  await t.test('a broker that is away or too slow costs readings there, and no acknowledgement', async (t) => {
    // More than waits at a time.
    const many = Array.from({ length: 10_000 }, (_, n) => ({ device: 'd3', fields: { n } }));
    await Promise.all(Array.from({ length: 5 }, () => service.send(...many)));
    t.ok(await until(async () => (await busOf()).republished + (await busOf()).republishDropped === 50_003, 30_000));
    t.ok((await busOf()).republishDropped > 0);
    await broker.stop();
    t.ok(await until(async () => !(await busOf()).connected));
    const { republishDropped } = await busOf();
    await service.send({ device: 'd3', fields: { n: 1 } });
    t.equal((await busOf()).republishDropped, republishDropped + 1);
  });
}
