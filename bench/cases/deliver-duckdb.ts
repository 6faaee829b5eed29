import { cpSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { appendBare } from '../bare/duckdb-append.js';
import { inPairs } from '../measure.js';
import { describePair } from '../report.js';
import { ratioLine, type Run } from '../result.js';
import { ServerProcess } from '../server-process.js';
import { deviceCount } from '../shape.js';
import { fillSpool } from '../spool-filler.js';
import { ourProcess, type Stats } from '../subject.js';
import type { Case } from './case.js';

const askEveryMs = 20;
const lateShare = 0.01;
const unit = 'readings/s';

function runOf(readings: number, milliseconds: number): Run {
  return { rate: (readings / milliseconds) * 1000, cpuSecondsPerMillion: null, loadBusy: 0 };
}

/** From the first commit that is seen to the one with which nothing is pending. */
async function deliver(directory: string, profile: string | undefined): Promise<Run> {
  const server = new ServerProcess(ourProcess(directory, profile));
  try {
    await server.start();
    let first: { stored: number; atMs: number } | undefined;
    for (;;) {
      const { stored, pending } = (await (await fetch(`${server.url}/v1/stats`)).json()) as Stats;
      if (first === undefined) first = { stored, atMs: performance.now() };
      else if (first.stored === 0 || (pending > 0 && stored === first.stored))
        first = { stored, atMs: performance.now() };
      if (pending === 0) return runOf(stored - first.stored, performance.now() - first.atMs);
      await pause(askEveryMs);
    }
  } finally {
    await server.stop();
  }
}

export const deliverDuckDb: Case = {
  name: 'deliver-duckdb',
  title: 'From a full spool into DuckDB',
  how: [
    `The service starts on a spool of ${deviceCount} devices that the store has nothing of; beside each step ` +
      `${lateShare * 100} % of the devices send a late reading. The time is that between two commits, the first one seen and the last.`,
    'Bare is a wide table without late rows in a file of its own, appended in column chunks from arrays that are ready, ' +
      'with a commit every 50,000 rows and the same threshold for checkpoints.',
  ],
  async run({ pairs, spoolMiB, scratch, profile, say }) {
    const full = scratch.next();
    const readings = await fillSpool(full, spoolMiB * 2 ** 20, lateShare);
    say(`${readings} readings in ${spoolMiB} MiB`);
    const measured = await inPairs(
      pairs,
      async () => {
        const directory = scratch.next();
        cpSync(full, directory, { recursive: true });
        const run = await deliver(directory, profile);
        rmSync(directory, { recursive: true });
        return run;
      },
      async () => {
        const directory = scratch.next();
        mkdirSync(directory);
        const run = runOf(readings, await appendBare(path.join(directory, 'bare.duckdb'), readings));
        rmSync(directory, { recursive: true });
        return run;
      },
      (pair) => say(`  ${describePair(pair, unit)}`),
    );
    return [ratioLine(`${lateShare * 100} % late`, unit, [0.45, 0.6], measured)];
  },
};
