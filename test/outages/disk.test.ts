/**
 * InfluxDB on a small tmpfs that is made read-only, or filled. Mounting needs the right to it, which root has: where that
 * is missing these tests fail, rather than not run. Linux refuses to make a file system read-only while a file is open for
 * writing, and InfluxDB opens one with its first write: so that disk is read-only before the first reading comes.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { influxdIsMissing } from '../servers/influxd.js';
import { Outage } from './outage.js';

t.setTimeout(90_000);

async function mountDisk(t: Test): Promise<string> {
  const disk = await mkdtemp(path.join(tmpdir(), 'inlet-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=700', 'tmpfs', disk]);
  t.teardown(async () => {
    execFileSync('umount', ['-l', disk]);
    await rm(disk, { recursive: true });
  });
  return disk;
}

/** Leaves not a byte. */
function fill(disk: string): string {
  const file = path.join(disk, 'filling');
  try {
    for (;;) appendFileSync(file, Buffer.alloc(65_536));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  return file;
}

function remount(disk: string, mode: 'ro' | 'rw'): void {
  execFileSync('mount', ['-o', `remount,${mode}`, disk]);
}

if (!influxdIsMissing('InfluxDB on a failing disk')) {
  await t.test('InfluxDB on a read-only disk keeps nothing, and has everything once it can write', async (t) => {
    const disk = await mountDisk(t);
    await t.test('the run', async (t) => {
      const outage = await Outage.open(t, { directory: disk });
      remount(disk, 'ro');
      await outage.run(t, 'http', 4, async () => {
        await pause(2000);
        await outage.backlog();
        t.match(outage.inlet.stdout.join('\n'), /InfluxDB answered 500: .*read-only file system/);
        remount(disk, 'rw');
      });
      await outage.nothingLostOrDoubled(t, 4);
    });
  });

  await t.test(
    'InfluxDB on a full disk loses nothing of ours, and goes on when it was started with room',
    async (t) => {
      const disk = await mountDisk(t);
      await t.test('the run', async (t) => {
        const outage = await Outage.open(t, { directory: disk });
        await outage.run(t, 'ws', 5, async () => {
          const filling = fill(disk);
          await pause(2000);
          await outage.backlog();
          t.match(outage.inlet.stdout.join('\n'), /InfluxDB answered 500: .*no space left on device/);
          rmSync(filling);
          // 1.x goes on refusing until it is started anew.
          await outage.influxd.restart();
        });
        await outage.nothingLostOrDoubled(t, 5);
      });
    },
  );
}
