import { FeedReaders } from '../load/feed-readers.js';
import { Publisher } from '../load/publisher.js';
import { inPairs, longestWarmUpMs } from '../measure.js';
import { describePair } from '../report.js';
import { ratioLine, type Run } from '../result.js';
import { OurServer } from '../subject.js';
import type { Case, CaseContext } from './case.js';
import { everything } from './fan-out.js';

const unit = '1/s at p99';
const readingsPerSecond = 1_000;

/** 100, where 10,000 connections are asked for. */
function readersOf(connections: number): number {
  return Math.ceil(connections / 100);
}

async function ageBeside(stuck: number, { scratch, profile, seconds, connections }: CaseContext): Promise<Run> {
  const subject = new OurServer(scratch, profile);
  try {
    await subject.server.start();
    const readers = new FeedReaders(subject.server.url);
    readers.start();
    await readers.open(readersOf(connections), everything);
    if (stuck > 0) await readers.open(stuck, everything, false);
    const stop = new AbortController();
    const publishing = new Publisher(subject.server.url).atPace(readingsPerSecond, stop.signal);
    await readers.readFor(Math.min(longestWarmUpMs, seconds * 1000));
    readers.forgetAges();
    await readers.readFor(seconds * 1000);
    // Ages are whole milliseconds, cut off.
    const ageMs = readers.ageAt(0.99) + 0.5;
    stop.abort();
    await publishing;
    await readers.stop();
    return { rate: 1000 / ageMs, cpuSecondsPerMillion: null, loadBusy: 0 };
  } finally {
    await subject.stop();
  }
}

export const slowReader: Case = {
  name: 'slow-reader',
  title: 'What one that does not read costs the others',
  how: [
    `Subscribers that read get ${readingsPerSecond} readings a second; beside them is one that reads nothing, ` +
      'or none. A rate is the inverse of the p99 of the age of readings when they arrive.',
  ],
  async run(context) {
    const measured = await inPairs(
      context.pairs,
      () => ageBeside(1, context),
      () => ageBeside(0, context),
      (pair) => context.say(`  ${describePair(pair, unit)}`),
    );
    return [ratioLine(`${readersOf(context.connections)} beside one that does not read`, unit, [1 / 1.2, 1], measured)];
  },
};
