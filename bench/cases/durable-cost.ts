import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { flatOut, inPairs } from '../measure.js';
import { describePair } from '../report.js';
import { ratioLine, type Line } from '../result.js';
import { ServerProcess } from '../server-process.js';
import { OurServer, ourProcess, type Subject } from '../subject.js';
import { underLoad } from './compare.js';
import type { Case, CaseContext } from './case.js';
import { httpConnections, loadOn } from './http-batch.js';

const batch = 100;
/** Twice as many as elsewhere, so that it is not the load that limits where a sync is slow. */
const connections = 2 * httpConnections;
const unit = 'readings/s';
const memory = '/dev/shm';
const slowSync = new URL('../slow-sync.js', import.meta.url);

/** Our server whose spool lies in memory, where a sync costs nothing; all else is where it always is. */
class MemorySpoolServer implements Subject {
  readonly server: ServerProcess;
  readonly #directory: string;
  readonly #spool: string;

  constructor({ scratch, profile }: CaseContext) {
    this.#directory = scratch.next();
    this.#spool = mkdtempSync(path.join(existsSync(memory) ? memory : tmpdir(), 'inlet-bench-'));
    process.on('exit', this.#remove);
    mkdirSync(this.#directory, { recursive: true });
    symlinkSync(this.#spool, path.join(this.#directory, 'spool'));
    this.server = new ServerProcess(ourProcess(this.#directory, profile));
  }

  async stop(): Promise<void> {
    await this.server.stop();
    this.#remove();
    process.off('exit', this.#remove);
  }

  readonly #remove = () => {
    for (const directory of [this.#spool, this.#directory]) rmSync(directory, { recursive: true, force: true });
  };
}

async function line(
  context: CaseContext,
  name: string,
  targets: [first: number, then: number],
  syncDelayMs: number,
): Promise<Line> {
  const { pairs, seconds, scratch, profile, say } = context;
  const task = { protocol: 'http', load: { connections, batch, window: 1 }, seconds } as const;
  const slow = syncDelayMs === 0 ? [] : ['--import', `${slowSync.href}?ms=${syncDelayMs}`];
  say(name);
  const measured = await inPairs(
    pairs,
    async () => underLoad(new OurServer(scratch, profile, slow), task, flatOut),
    async () => underLoad(new MemorySpoolServer(context), task, flatOut),
    (pair) => say(`  ${describePair(pair, unit)}`),
  );
  return ratioLine(name, unit, targets, measured);
}

export const durableCost: Case = {
  name: 'durable-cost',
  title: 'What it costs that an acknowledged reading is on disk',
  how: [
    loadOn(connections),
    'So many that it is not they who limit: a request waits for the sync that is under way and then for its own, and a ' +
      `connection sends no more than one in two syncs. ${httpConnections} could send ` +
      `${((httpConnections * batch) / 0.04).toLocaleString('en')} readings/s where a sync takes 20 ms.`,
    'Ours is the server as it is, and where each durable write of the spool takes at least 5 and 20 ms. Bare is the same ' +
      'server with the directory of its spool in memory, where a sync costs nothing. Both deliver to DuckDB on disk meanwhile.',
  ],
  async run(context) {
    return [
      await line(context, 'batch 100', [0.85, 0.95], 0),
      await line(context, 'batch 100, syncs of 5 ms', [0.8, 0.9], 5),
      await line(context, 'batch 100, syncs of 20 ms', [0.7, 0.85], 20),
    ];
  },
};
