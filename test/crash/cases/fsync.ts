import { straced, straceIsMissing } from '../../servers/strace.js';
import type { FaultCase, FaultContext } from '../fault-case.js';
import { planted } from '../fault-points.js';
import { JudgedService } from '../judged-service.js';
import type { Tally } from '../tally.js';

const slowMs = 20;
const acksWhenSlow = 60;

export const fsync: FaultCase = {
  name: 'fsync',
  fault: 'fsync fails or is slow',
  how:
    'the real process under strace, whose fdatasync returns EIO now and then, or takes 20 ms longer; the same injected between ' +
    'the service and Node; killed with -9 afterwards, so that what was refused has to be void',
  unit: 'failures, and lives with a slow disk',
  share: 1,
  async run(context, tally) {
    const hasStrace = !straceIsMissing('A failing and a slow fsync under strace');
    for (let number = 0; number === 0 || Date.now() < context.until; number++) {
      const eio = planted({ point: 'sync', nth: 40, times: 2, act: 'EIO', delayMs: 0 });
      const delay = planted({ point: 'sync', nth: 1, times: 1e9, act: 'delay', delayMs: slowMs });
      await failing(context, tally, { environment: eio, failures: 1 });
      await slow(context, tally, { environment: delay });
      if (hasStrace) {
        await failing(context, tally, { under: straced('fdatasync:error=EIO:when=40+60'), failures: 2 });
        await slow(context, tally, { under: straced(`fdatasync:delay_exit=${slowMs * 1000}`) });
      }
      context.say(`${tally.tries} failures and slow lives`);
    }
    return hasStrace ? [] : ['strace was NOT THERE: faults were injected between the service and Node only.'];
  },
};

/** How a process is started that has the fault in it. */
interface Sick {
  environment?: Record<string, string>;
  under?: string[];
}

async function failing(
  { seed }: FaultContext,
  tally: Tally,
  { environment, under, failures }: Sick & { failures: number },
): Promise<void> {
  const service = new JudgedService(tally, seed, {}, under);
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

async function slow({ seed }: FaultContext, tally: Tally, { environment, under }: Sick): Promise<void> {
  const service = new JudgedService(tally, seed, {}, under);
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
