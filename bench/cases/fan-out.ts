import { FeedReaders } from '../load/feed-readers.js';
import { Publisher } from '../load/publisher.js';
import { inPairs, longestWarmUpMs } from '../measure.js';
import { describePair } from '../report.js';
import { amountLine, ratioLine, timeLine, type Line, type Run } from '../result.js';
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

/** @param perSecond readings; undefined for as many as can be had */
async function bare<T>(
  subscribers: number,
  perSecond: number | undefined,
  work: (rooms: { subject: BareServer; readers: FeedReaders }) => Promise<T>,
): Promise<T> {
  const pace = perSecond === undefined ? [] : [String(perSecond)];
  const subject = new BareServer('ws-fan-out', [], [String(subscribers), ...pace]);
  try {
    await subject.server.start();
    const readers = new FeedReaders(subject.server.url);
    readers.start();
    await readers.open(subscribers, '/');
    const result = await work({ subject, readers });
    await readers.stop();
    return result;
  } finally {
    await subject.stop();
  }
}

async function bareFlatOut(context: CaseContext, subscribers: number): Promise<Run> {
  return bare(subscribers, undefined, async ({ subject, readers }) => countDeliveries(subject, readers, context));
}

/** @returns milliseconds, whole ones, cut off */
async function age(readers: FeedReaders, { seconds }: CaseContext): Promise<number> {
  await readers.readFor(Math.min(longestWarmUpMs, seconds * 1000));
  readers.forgetAges();
  await readers.readFor(seconds * 1000);
  return readers.ageAt(0.99);
}

async function ourAge(context: CaseContext, subscribers: number, perSecond: number): Promise<number> {
  return ours(context, subscribers, async ({ readers, publisher }) => {
    const stop = new AbortController();
    const publishing = publisher.atPace(perSecond, stop.signal);
    const ageMs = await age(readers, context);
    stop.abort();
    await publishing;
    return ageMs;
  });
}

async function bareAge(context: CaseContext, subscribers: number, perSecond: number): Promise<number> {
  return bare(subscribers, perSecond, async ({ readers }) => age(readers, context));
}

/** With half of what ours, and then of what bare can give out; at the latter, of both in turn. */
async function agesAtHalfLoad(
  context: CaseContext,
  subscribers: number,
  flatOut: { ours: number; bare: number },
): Promise<Line[]> {
  const half = { ours: flatOut.ours / 2 / subscribers, bare: flatOut.bare / 2 / subscribers };
  const seconds: number[] = [];
  const few: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  for (let run = 0; run < context.pairs; run++) {
    seconds.push((await ourAge(context, subscribers, half.ours)) / 1000);
    few.ours.push(await ourAge(context, subscribers, half.bare));
    few.bare.push(await bareAge(context, subscribers, half.bare));
    context.say(
      `  p99 at half load ${seconds.at(-1)!.toFixed(3)} s; ` +
        `at half of bare's ${few.ours.at(-1)!} ms, bare ${few.bare.at(-1)!} ms`,
    );
  }
  return [
    timeLine(`${subscribers} subscribers, p99 at half load`, [0.05, 0.025], seconds),
    amountLine(`${subscribers} subscribers, p99 at half of bare's load`, 'ms', null, few.ours),
    amountLine(`${subscribers} subscribers, p99 at half of bare's load: bare`, 'ms', null, few.bare),
  ];
}

export const fanOut: Case = {
  name: 'fan-out',
  title: 'Live readings to many subscribers',
  how: [
    `Every subscriber gets every reading. Ours takes them by POST, ${batch} at a time, syncs them to disk, and gives them out; ` +
      `at most ${underWay} are under way. Bare is \`ws\` alone: it makes them up, and sends one prepared string to each client, ` +
      'a frame a reading. Both are read by the same thread, which counts readings and looks at nothing else.',
    'The age is that of a reading when it arrives, from before it is posted: with the sync, and with half the rate that ours ' +
      'had flat out. Then the same with half the rate that bare had, which is a reading at a time, and its own age then: what ' +
      'one thread takes to write to so many sockets is in both.',
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
      const flatOut = { ours: line.ours.median, bare: line.bare.median };
      lines.push(...(await agesAtHalfLoad(context, subscribers, flatOut)));
    }
    return lines;
  },
};
