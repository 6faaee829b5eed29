import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { influxdIsMissing } from '../servers/influxd.js';
import { Outage } from './outage.js';

/** A write is given up after 12 s. */
const stoppedMs = 13_000;

if (!influxdIsMissing('InfluxDB stopped')) {
  await t.test('InfluxDB that answers nothing for longer than the deadline gets everything, once', async (t) => {
    const outage = await Outage.open(t);
    await outage.run(t, 'ws', 4, async () => {
      await outage.influxd.pause();
      await pause(stoppedMs);
      await outage.backlog();
      t.match(outage.inlet.stdout.join('\n'), /no whole answer in time/, 'and a write was given up');
      outage.influxd.resume();
    });
    await outage.nothingLostOrDoubled(t, 4);
  });
}
