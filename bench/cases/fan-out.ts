import { FeedReaders } from '../load/feed-readers.js';
import { Publisher } from '../load/publisher.js';
import { inPairs, longestWarmUpMs } from '../measure.js';
import { describePair } from '../report.js';
import { ratioLine, timeLine, type Line, type Run } from '../result.js';
import { BareServer, OurServer, type Subject } from '../subject.js';
import type { Case, CaseContext } from './case.js';

const unit = 'deliveries/s';
const batch = 100;
/** Readings that are under way between the publisher and its readers: enough to keep them busy, too few to be merged. */
const underWay = 2_000;
export const everything = '/v1/live?types=machine';

/** What reaches the readers in the measured time. */
async function countDeliveries({ server }: Subject, readers: FeedReaders, { seconds }: CaseContext): Promise<Run> {
  await readers.readFor(Math.min(longestWarmUpMs, seconds * 1000));
  const startedMs = performance.now();
  const before = readers.delivered;
  const cpu = server.cpuSeconds;
  await readers.readFor(seconds * 1000);
  const count = readers.delivered - before;
  const rate = count / ((performance.now() - startedMs) / 1000);
  const cpuEnd = server.cpuSeconds;
  return {
    rate,
    cpuSecondsPerMillion: cpu === undefined || cpuEnd === undefined ? null : ((cpuEnd - cpu) / count) * 1e6,
    loadBusy: readers.busy,
  };
}

/** Does something while the readers get all that can be had. */
async function ours<T>(
  context: CaseContext,
  subscribers: number,
  work: (rooms: { subject: OurServer; readers: FeedReaders; publisher: Publisher }) => Promise<T>,
): Promise<T> {
  const subject = new OurServer(context.scratch, context.profile);
  try {
    await subject.server.start();
    const readers = new FeedReaders(subject.server.url);
    readers.start();
    await readers.open(subscribers, everything);
    const result = await work({ subject, readers, publisher: new Publisher(subject.server.url) });
    await readers.stop();
    return result;
  } finally {
    await subject.stop();
  }
}

async function oursFlatOut(context: CaseContext, subscribers: number): Promise<Run> {
  return ours(context, subscribers, async ({ subject, readers, publisher }) => {
    const stop = new AbortController();
    const publishing = publisher.flatOut(batch, underWay, () => readers.delivered / subscribers, stop.signal);
    const run = await countDeliveries(subject, readers, context);
    stop.abort();
    await publishing;
    return run;
  });
}

async function bareFlatOut(context: CaseContext, subscribers: number): Promise<Run> {
  const subject = new BareServer('ws-fan-out', [], [String(subscribers)]);
  try {
    await subject.server.start();
    const readers = new FeedReaders(subject.server.url);
    readers.start();
    await readers.open(subscribers, '/');
    const run = await countDeliveries(subject, readers, context);
    await readers.stop();
    return run;
  } finally {
    await subject.stop();
  }
}

/** @returns seconds */
async function ageAtHalfLoad(context: CaseContext, subscribers: number, deliveriesPerSecond: number): Promise<number> {
  return ours(context, subscribers, async ({ readers, publisher }) => {
    const stop = new AbortController();
    const publishing = publisher.atPace(deliveriesPerSecond / 2 / subscribers, stop.signal);
    await readers.readFor(Math.min(longestWarmUpMs, context.seconds * 1000));
    readers.forgetAges();
    await readers.readFor(context.seconds * 1000);
    const ageMs = readers.ageAt(0.99);
    stop.abort();
    await publishing;
    return ageMs / 1000;
  });
}

export const fanOut: Case = {
  name: 'fan-out',
  title: 'Live readings to many subscribers',
  how: [
    `Every subscriber gets every reading. Ours takes them by POST, ${batch} at a time, syncs them to disk, and gives them out; ` +
      `at most ${underWay} are under way. Bare is \`ws\` alone: it makes them up, and sends one prepared string to each client, ` +
      'a frame a reading. Both are read by the same thread, which counts readings and looks at nothing else.',
    'The age is that of a reading when it arrives, from before it is posted: with the sync, and with half the rate that ours ' +
      'had flat out.',
  ],
  async run(context) {
    const { pairs, connections, say } = context;
    const lines: Line[] = [];
    for (const subscribers of [Math.ceil(connections / 20), Math.ceil(connections / 2)]) {
      say(`${subscribers} subscribers`);
      const measured = await inPairs(
        pairs,
        () => oursFlatOut(context, subscribers),
        () => bareFlatOut(context, subscribers),
        (pair) => say(`  ${describePair(pair, unit)}`),
      );
      const line = ratioLine(`${subscribers} subscribers`, unit, [5, 10], measured);
      lines.push(line);
      const ages: number[] = [];
      for (let run = 0; run < pairs; run++) {
        ages.push(await ageAtHalfLoad(context, subscribers, line.ours.median));
        say(`  p99 at half load ${ages.at(-1)!.toFixed(3)} s`);
      }
      lines.push(timeLine(`${subscribers} subscribers, p99 at half load`, [0.05, 0.025], ages));
    }
    return lines;
  },
};
