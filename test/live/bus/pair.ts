/** Two instances that share a broker and, where it is asked for, an InfluxDB. */
import type { Test } from 'tap';
import type { Stats } from '../../../src/ports/operations.js';
import { Influxd } from '../../servers/influxd.js';
import { InletProcess } from '../../servers/inlet.js';
import { startMosquitto } from '../../servers/mosquitto.js';
import { until } from '../../servers/until.js';

export interface Pair {
  broker: Awaited<ReturnType<typeof startMosquitto>>;
  one: InletProcess;
  other: InletProcess;
}

const patienceMs = 30_000;

/** Both know of each other when this returns. */
export async function startPair(t: Test, settings: Record<string, string> = {}): Promise<Pair> {
  const broker = await startMosquitto(t);
  const influxd = await new Influxd().start();
  t.teardown(() => influxd.stop());
  const environment = {
    INLET_MQTT_URL: broker.url,
    INLET_STORE: 'influxdb',
    INLET_INFLUX_URL: influxd.url,
    INLET_INFLUX_DATABASE: 'telemetry',
    ...settings,
  };
  const [one, other] = [new InletProcess(environment), new InletProcess(environment)];
  t.teardown(() => Promise.all([one.end(), other.end()]));
  await Promise.all([one.start(), other.start()]);
  await meet(one, other);
  return { broker, one, other };
}

/** Waits until both have each other's readings. */
export async function meet(one: InletProcess, other: InletProcess): Promise<void> {
  if (!(await until(async () => (await isLevel(one, other)) && (await isLevel(other, one)), patienceMs)))
    throw new Error(`they do not meet: ${JSON.stringify([await busOf(one), await busOf(other)])}`);
}

/** Whether one has everything that the other has accepted. */
export async function isLevel(one: InletProcess, other: InletProcess): Promise<boolean> {
  const { accepted, bus } = await other.stats();
  const peer = (await busOf(one)).peers.find(({ instance }) => instance === bus!.instance);
  return peer !== undefined && peer.online && peer.position === accepted;
}

export async function busOf(service: InletProcess): Promise<NonNullable<Stats['bus']>> {
  return (await service.stats()).bus!;
}
