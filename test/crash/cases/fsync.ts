import { Influxd, influxdIsMissing } from '../../servers/influxd.js';
import { straced, straceIsMissing } from '../../servers/strace.js';
import type { FaultCase, FaultContext } from '../fault-case.js';
import { planted } from '../fault-points.js';
import { JudgedService } from '../judged-service.js';
import type { Tally } from '../tally.js';

const slowMs = 20;
const acksWhenSlow = 60;
/** What Node calls for one buffer and for several, at a place in a file. */
const spoolWrites = 'pwrite64,pwritev';

export const fsync: FaultCase = {
  name: 'fsync',
  fault: 'fsync fails or is slow',
  how:
    'the real process under strace, whose durable writes return EIO now and then, or take 20 ms longer; the same injected ' +
    'between the service and Node; killed with -9 afterwards, so that what was refused has to be void',
  unit: 'failures, and lives with a slow disk',
  share: 1,
  async run(context, tally) {
    const hasStrace = !straceIsMissing('A failing and a slow fsync under strace');
    // DuckDB writes by the same system calls as the spool does, so under strace the readings go to InfluxDB.
    const influxd = influxdIsMissing('A failing and a slow fsync under strace')
      ? undefined
      : await new Influxd().start();
    try {
      for (let number = 0; number === 0 || Date.now() < context.until; number++) {
        await injected(context, tally);
        if (hasStrace && influxd) await underStrace(context, tally, influxd.url, number);
        context.say(`${tally.tries} failures and slow lives`);
      }
    } finally {
      await influxd?.stop();
    }
    if (hasStrace && influxd) return [];
    return ['strace or influxd was NOT THERE: faults were injected between the service and Node only.'];
  },
};

async function injected(context: FaultContext, tally: Tally): Promise<void> {
  const eio = planted({ point: 'sync', nth: 40, times: 2, act: 'EIO', delayMs: 0 });
  const delay = planted({ point: 'sync', nth: 1, times: 1e9, act: 'delay', delayMs: slowMs });
  await failing(context, tally, { environment: eio, failures: 1 });
  await slow(context, tally, { environment: delay });
}

async function underStrace(context: FaultContext, tally: Tally, influxUrl: string, number: number): Promise<void> {
  const settings = (name: string) => ({
    INLET_STORE: 'influxdb',
    INLET_INFLUX_URL: influxUrl,
    INLET_INFLUX_DATABASE: `${name}${number}`,
  });
  const failed = straced(`${spoolWrites}:error=EIO:when=40+60`);
  await failing(context, tally, { settings: settings('failing'), under: failed, failures: 2 });
  const slowed = straced(`${spoolWrites}:delay_exit=${slowMs * 1000}`);
  await slow(context, tally, { settings: settings('slow'), under: slowed });
}

/** How a process is started that has the fault in it. */
interface Sick {
  /** In every life of it. */
  settings?: Record<string, string>;
  /** In the first one. */
  environment?: Record<string, string>;
  under?: string[];
}

async function failing(
  { seed }: FaultContext,
  tally: Tally,
  { settings = {}, environment, under, failures }: Sick & { failures: number },
): Promise<void> {
  const service = new JudgedService(tally, seed, settings, under);
  const { inlet, load } = service;
  const failed = () => inlet.stdout.filter((line) => line.includes('the spool cannot be written')).length;
  try {
    await inlet.start(environment);
    load.begin(inlet.url);
    for (let failure = 1; failure <= failures; failure++) {
      await service.waitUntil('the log says that the spool cannot be written', () => failed() >= failure);
      await service.untilAcked();
      tally.tries++;
    }
    tally.expect((load.refusals.get('spool_failed') ?? 0) > 0, `refusals: ${load.refusedCodes}`);
    await service.killAndStart();
    await service.judge();
  } finally {
    await inlet.end();
  }
}

async function slow({ seed }: FaultContext, tally: Tally, { settings = {}, environment, under }: Sick): Promise<void> {
  const service = new JudgedService(tally, seed, settings, under);
  const { inlet, load } = service;
  try {
    await inlet.start(environment);
    load.begin(inlet.url);
    await service.waitUntil('readings are acknowledged', () => load.ackedBatches >= acksWhenSlow);
    const { fastestAckMs } = load;
    tally.expect(
      fastestAckMs >= slowMs,
      `acknowledged after ${fastestAckMs} ms, though a sync takes ${slowMs} ms at least`,
    );
    tally.expect(load.refusals.size === 0, `refusals: ${load.refusedCodes}`);
    await service.killAndStart();
    await service.judge();
    tally.tries++;
  } finally {
    await inlet.end();
  }
}
