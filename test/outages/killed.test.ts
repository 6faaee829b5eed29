import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { influxdIsMissing } from '../servers/influxd.js';
import { Outage } from './outage.js';

if (!influxdIsMissing('InfluxDB killed')) {
  await t.test('InfluxDB killed with -9 twice in the middle of a run loses nothing and doubles nothing', async (t) => {
    const outage = await Outage.open(t);
    await outage.run(t, 'http', 6, async () => {
      for (let kill = 0; kill < 2; kill++) {
        await outage.influxd.kill();
        await pause(1200);
        await outage.backlog();
        await outage.influxd.restart();
        await pause(800);
      }
    });
    await outage.nothingLostOrDoubled(t, 6);
  });

  await t.test('InfluxDB restarted in good order, again and again, loses nothing and doubles nothing', async (t) => {
    const outage = await Outage.open(t);
    await outage.run(t, 'ws', 4, async () => {
      for (let round = 0; round < 3; round++) {
        await pause(500);
        await outage.influxd.restart('SIGTERM');
      }
    });
    await outage.nothingLostOrDoubled(t, 4);
  });

  await t.test('InfluxDB away, and Inlet killed with -9 meanwhile: what was acknowledged is stored once', async (t) => {
    const outage = await Outage.open(t);
    await outage.run(t, 'ws', 6, async () => {
      await outage.influxd.kill();
      await pause(1000);
      await outage.killInlet();
      await pause(1000);
      await outage.backlog();
      await outage.influxd.restart();
      await pause(300);
      await outage.killInlet();
    });
    await outage.nothingLostOrDoubled(t, 6);
  });

  await t.test('InfluxDB that comes after Inlet gets everything', async (t) => {
    const outage = await Outage.open(t);
    await outage.influxd.kill();
    await outage.inlet.restart();
    await outage.run(t, 'http', 3, () => pause(500));
    t.equal(await outage.backlog(), 20 * 50 * 3);
    await outage.influxd.restart();
    await outage.nothingLostOrDoubled(t, 3);
  });
}
