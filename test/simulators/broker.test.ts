/** A fleet behind a broker, while the broker or the service is taken away. */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { startInlet } from '../servers/inlet.js';
import { mosquittoIsMissing, startMosquitto } from '../servers/mosquitto.js';
import { compareWithHistory, simulate } from './recorded-run.js';

const fleet = { devices: 20, rateHz: 50, seconds: 6 };

if (!mosquittoIsMissing('Simulated devices behind a broker')) {
  for (const broken of ['Inlet killed with -9', 'Mosquitto stopped and started'] as const) {
    await t.test(`${broken} twice behind a broker: nothing that it acknowledged is lost or doubled`, async (t) => {
      const record = path.join(t.testdir(), 'acked.ndjson');
      const mosquitto = await startMosquitto(t);
      const service = await startInlet(t, { INLET_MQTT_URL: mosquitto.url });
      await service.takesFromBroker();
      const ended = simulate(t, fleet, { url: mosquitto.url, protocol: 'mqtt', record });
      for (let times = 0; times < 2; times++) {
        await pause(1200);
        if (broken === 'Inlet killed with -9') {
          await service.kill9();
          await pause(500);
          await service.start();
        } else {
          await mosquitto.stop();
          await pause(500);
          await mosquitto.start();
        }
      }
      const { code, summary } = await ended;
      t.equal(code, 0, summary);
      await compareWithHistory(t, service.url, record, fleet);
    });
  }
}
