/** The service is killed in the middle of a simulator's run, and started again on the same data. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { startInlet } from '../servers/inlet.js';
import { until } from '../servers/until.js';
import { compareWithHistory, simulate } from './recorded-run.js';

/** So many readings that it would be a rare chance if none of the kills met any on their way. */
const fleet = { devices: 40, rateHz: 100, seconds: 6 };
const kills = 3;
/** A device tries to connect again after up to so long, where the service took long to start. */
const connectedWithinMs = 30_000;

for (const protocol of ['http', 'ws', 'mqtt']) {
  await t.test(`kill -9 in the middle of a run over ${protocol} loses nothing and doubles nothing`, async (t) => {
    const record = path.join(t.testdir(), 'acked.ndjson');
    const service = await startInlet(t, protocol === 'mqtt' ? { INLET_MQTT_LISTEN: '127.0.0.1:0' } : {});
    const url = protocol === 'mqtt' ? service.mqttUrl : service.url;
    const ended = simulate(t, fleet, { url, protocol, record });
    let isOver = false;
    void ended.then(() => (isOver = true));
    for (let kill = 0; kill < kills; kill++) {
      const before = await sizeOf(record);
      const isAcked = await until(async () => isOver || (await sizeOf(record)) > before, connectedWithinMs);
      t.ok(isAcked, 'the devices are connected');
      await pause(400 * Math.random());
      await service.kill9();
      await service.start();
    }
    const { code, summary } = await ended;
    t.equal(code, 0, summary);
    t.match(summary, /resent +[1-9]/, 'the kills fell while something was on its way');
    await compareWithHistory(t, service.url, record, fleet);
  });
}

/** 0 where it is not there yet. */
async function sizeOf(file: string): Promise<number> {
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  return size;
}
