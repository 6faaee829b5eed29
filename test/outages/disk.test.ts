/**
 * InfluxDB on a small tmpfs that is made read-only, or filled. Mounting needs the right to it, which root has: where that
 * is missing these tests fail, rather than not run. Linux refuses to make a file system read-only while a file is open for
 * writing, and InfluxDB opens one with its first write: so that disk is read-only before the first reading comes.
 */
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { influxdIsMissing } from '../servers/influxd.js';
import { SmallDisk } from '../servers/small-disk.js';
import { Outage } from './outage.js';

async function mountDisk(t: Test): Promise<SmallDisk> {
  const disk = await new SmallDisk('64m').mount();
  t.teardown(() => disk.unmount());
  return disk;
}

if (!influxdIsMissing('InfluxDB on a failing disk')) {
  await t.test('InfluxDB on a read-only disk keeps nothing, and has everything once it can write', async (t) => {
    const disk = await mountDisk(t);
    await t.test('the run', async (t) => {
      const outage = await Outage.open(t, { directory: disk.path });
      disk.remount('ro');
      await outage.run(t, 'http', 4, async () => {
        await pause(2000);
        await outage.backlog();
        t.match(outage.inlet.stdout.join('\n'), /InfluxDB answered 500: .*read-only file system/);
        disk.remount('rw');
      });
      await outage.nothingLostOrDoubled(t, 4);
    });
  });

  await t.test(
    'InfluxDB on a full disk loses nothing of ours, and goes on when it was started with room',
    async (t) => {
      const disk = await mountDisk(t);
      await t.test('the run', async (t) => {
        const outage = await Outage.open(t, { directory: disk.path });
        await outage.run(t, 'ws', 5, async () => {
          disk.fill();
          await pause(2000);
          await outage.backlog();
          t.match(outage.inlet.stdout.join('\n'), /InfluxDB answered 500: .*no space left on device/);
          disk.makeRoom();
          // 1.x goes on refusing until it is started anew.
          await outage.influxd.restart();
        });
        await outage.nothingLostOrDoubled(t, 5);
      });
    },
  );
}
