import { setTimeout as pause } from 'node:timers/promises';
import { Influxd, influxdIsMissing } from '../../servers/influxd.js';
import { SmallDisk, smallDiskIsMissing } from '../../servers/small-disk.js';
import type { FaultCase, FaultContext } from '../fault-case.js';
import { planted } from '../fault-points.js';
import { JudgedService } from '../judged-service.js';
import type { Tally } from '../tally.js';

const fullMs = 600;
const fillsOfLife = 3;

export const diskFull: FaultCase = {
  name: 'disk-full',
  fault: 'disk full',
  how:
    'the data directory on a tmpfs of 24 MiB, filled to the last byte under load and given room again, over DuckDB and over ' +
    'InfluxDB; every other time the service is killed with -9 while the disk is full',
  unit: 'fills',
  share: 1,
  async run(context, tally) {
    if (await smallDiskIsMissing('A full disk')) {
      await injected(context, tally);
      return ['Mounting was NOT ALLOWED here: ENOSPC was injected into the writes of the spool instead.'];
    }
    const influxd = influxdIsMissing('A full disk over InfluxDB') ? undefined : await new Influxd().start();
    try {
      for (let number = 0; number === 0 || Date.now() < context.until; number++) {
        const database = `full${number}`;
        const overInflux = {
          INLET_STORE: 'influxdb',
          INLET_INFLUX_URL: influxd?.url ?? '',
          INLET_INFLUX_DATABASE: database,
        };
        await oneDisk(context, tally, number, influxd && number % 2 === 1 ? overInflux : {});
        context.say(`${tally.tries} fills`);
      }
    } finally {
      await influxd?.stop();
    }
    return [];
  },
};

async function oneDisk(
  context: FaultContext,
  tally: Tally,
  number: number,
  store: Record<string, string>,
): Promise<void> {
  const disk = await new SmallDisk('24m').mount();
  const settings = { INLET_DATA_DIR: `${disk.path}/data`, INLET_SPOOL_MAX_BYTES: '16 MiB', ...store };
  const service = new JudgedService(tally, context.seed + number, settings);
  const { inlet, load } = service;
  try {
    await inlet.start();
    for (let fill = 0; fill < fillsOfLife; fill++) {
      load.begin(inlet.url);
      await service.untilAcked();
      const refusals = load.refusals.get('spool_full') ?? 0;
      disk.fill();
      await service.waitUntil('503 spool_full', () => (load.refusals.get('spool_full') ?? 0) > refusals);
      await service.waitUntil('/readyz says no', async () => !(await service.isReady()));
      const acked = load.ackedBatches;
      await pause(fullMs);
      tally.expect(load.ackedBatches === acked, 'readings were acknowledged on a full disk');
      if (fill % 2 === 1) await inlet.kill9();
      disk.makeRoom();
      if (fill % 2 === 1) {
        await service.killAndStart();
      } else {
        await service.untilAcked();
        await load.end();
      }
      tally.tries++;
    }
    tally.expect(
      [...load.refusals.keys()].every((code) => code === 'spool_full'),
      `refused: ${load.refusedCodes}`,
    );
    await service.judge();
  } finally {
    await inlet.end();
    await disk.unmount();
  }
}

/** Where nothing can be mounted: the third write of records and those behind it find no room. */
async function injected(context: FaultContext, tally: Tally): Promise<void> {
  const service = new JudgedService(tally, context.seed, {});
  await service.inlet.start(planted({ point: 'append, before', nth: 30, times: 3, act: 'ENOSPC', delayMs: 0 }));
  try {
    service.load.begin(service.inlet.url);
    await service.waitUntil('503 spool_full', () => service.load.refusals.has('spool_full'));
    await service.untilAcked();
    await service.killAndStart();
    await service.judge();
    tally.tries++;
  } finally {
    await service.inlet.end();
  }
}
