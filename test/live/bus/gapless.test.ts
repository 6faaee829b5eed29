/** The promise of the live feed, for subscribers that change from one of two instances to the other as they come back. */
import path from 'node:path';
import t from 'tap';
import { holds, openService, type Restartable } from '../gapless/property.js';
import type { RunService } from '../gapless/run.js';
import { webSocketFeed } from '../gapless/subject.js';
import { Influxd, influxdIsMissing } from '../../servers/influxd.js';
import { mosquittoIsMissing, startMosquitto } from '../../servers/mosquitto.js';

/** Readings go to the first. */
class Instances implements RunService {
  readonly #services: readonly Restartable[];
  #followed = 0;
  #restarted = 0;

  constructor(services: readonly Restartable[]) {
    this.#services = services;
  }

  get url(): string {
    return this.#services[0]!.url;
  }

  get feedUrl(): string {
    return this.#services[this.#followed++ % this.#services.length]!.url;
  }

  async restart(): Promise<void> {
    await this.#services[this.#restarted++ % this.#services.length]!.restart();
  }
}

const suite = 'The live feed from instance to instance';

if (!mosquittoIsMissing(suite) && !influxdIsMissing(suite)) {
  await t.test('nothing is missing and nothing doubled for those who go from instance to instance', async (t) => {
    const broker = await startMosquitto(t);
    const influxd = await new Influxd().start();
    t.teardown(() => influxd.stop());
    // A reader of InfluxDB asks which tags there are, and then for rows: one that brings a new tag in between comes without
    // it. Here all of them are known from the start.
    await influxd.query('CREATE DATABASE telemetry');
    await influxd.write('t0,device=d,site=a n=0 1\nt1,device=d,site=a n=0 1', 'telemetry');
    const settings = {
      INLET_STORE: 'influxdb',
      INLET_INFLUX_URL: influxd.url,
      INLET_INFLUX_DATABASE: 'telemetry',
      INLET_MQTT_URL: broker.url,
    };
    const directory = t.testdir({ one: {}, other: {} });
    const services = [];
    for (const name of ['one', 'other']) services.push(await openService(t, settings, path.join(directory, name)));
    const expectations = { gaps: false, storeKnowsPositions: false, patienceMs: 20_000 };
    await holds(t, new Instances(services), webSocketFeed, expectations);
  });
}
