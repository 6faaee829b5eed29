/** One line of a case: our server and a bare one under the same load, in pairs. */
import { Load, type LoadOptions, type Protocol } from '../load/load.js';
import { flatOut, inPairs, measure, type Pace } from '../measure.js';
import { describePair } from '../report.js';
import { ratioLine, type RatioLine, type Run, type Targets } from '../result.js';
import { BareServer, OurServer, type Subject } from '../subject.js';
import type { CaseContext } from './case.js';

export interface Comparison {
  name: string;
  unit: string;
  targets: Targets;
  protocol: Protocol;
  load: Omit<LoadOptions, 'url'>;
  bare: 'fastify-json' | 'ws-json';
  /** Our server's; the bare one always runs flat out. */
  pace?: (ours: OurServer) => Pace;
}

/** What a server is put under, and for how long. */
export interface LoadTask {
  protocol: Protocol;
  load: Omit<LoadOptions, 'url'>;
  seconds: number;
}

/** @param check what else has to hold at the end */
export async function underLoad(
  subject: Subject,
  { protocol, load: options, seconds }: LoadTask,
  pace: Pace,
  check?: (acked: number) => Promise<void>,
): Promise<Run> {
  try {
    await subject.server.start();
    const load = new Load(protocol, { ...options, url: subject.server.url });
    const run = await measure(subject, load, seconds, pace);
    await check?.(load.acked);
    return run;
  } finally {
    await subject.stop();
  }
}

export async function compare(comparison: Comparison, context: CaseContext): Promise<RatioLine> {
  const { name, unit, targets, protocol, bare, pace } = comparison;
  const { pairs, seconds, scratch, profile, say } = context;

  const task = { protocol, load: comparison.load, seconds };
  say(name);
  const measured = await inPairs(
    pairs,
    async () => {
      const ours = new OurServer(scratch, profile);
      return underLoad(ours, task, pace?.(ours) ?? flatOut, async (acked) => {
        const { accepted, rejected } = await ours.stats();
        if (accepted === acked && rejected === 0) return;
        throw new Error(`${acked} readings were acked, the server counts ${accepted} and ${rejected} rejected`);
      });
    },
    async () => underLoad(new BareServer(bare), task, flatOut),
    (pair) => say(`  ${describePair(pair, unit)}`),
  );
  return ratioLine(name, unit, targets, measured);
}
