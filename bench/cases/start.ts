import type { Line } from '../result.js';
import { timeLine, type Targets } from '../result.js';
import { ServerProcess } from '../server-process.js';
import { fillSpool } from '../spool-filler.js';
import { ourProcess } from '../subject.js';
import type { Case, CaseContext } from './case.js';

interface Start {
  name: string;
  targets: Targets;
  /** The data directory of the next start. */
  directory: () => string;
  /** How the process ends. */
  signal: NodeJS.Signals;
}

async function timeStarts({ name, targets, directory, signal }: Start, context: CaseContext): Promise<Line> {
  context.say(name);
  const seconds: number[] = [];
  for (let run = 0; run < context.pairs; run++) {
    const server = new ServerProcess(ourProcess(directory(), context.profile));
    try {
      seconds.push((await server.start()) / 1000);
    } finally {
      await server.stop(context.profile === undefined ? signal : 'SIGTERM');
    }
    context.say(`  ready after ${seconds.at(-1)!.toFixed(2)} s`);
  }
  return timeLine(name, targets, seconds);
}

export const start: Case = {
  name: 'start',
  title: 'From the start of the process to its ready line',
  how: [
    'Dependencies are installed and the program is built; `node dist/src/main.js` is timed, without npm.',
    'The spool is full of readings that the store does not have yet, and lies in the page cache. Where the catalog is ' +
      'lost, every reading in the spool is looked at: that is the worst that can be found. A process that was killed ' +
      'leaves a catalog which is at most a minute old, one that was stopped leaves a fresh one.',
  ],
  async run(context) {
    const { scratch, spoolMiB, say } = context;
    const fresh = await timeStarts(
      { name: 'nothing there', targets: [1.5, 0.7], directory: () => scratch.next(), signal: 'SIGTERM' },
      context,
    );
    const full = scratch.next();
    say(`a spool of ${spoolMiB} MiB is written`);
    await fillSpool(full, spoolMiB * 2 ** 20);
    const directory = () => full;
    const lost = await timeStarts(
      { name: `${spoolMiB} MiB of spool, catalog lost`, targets: [5, 2], directory, signal: 'SIGKILL' },
      context,
    );
    // A clean stop leaves the catalog; kill -9 at the ready line had left none.
    const server = new ServerProcess(ourProcess(full));
    await server.start();
    await server.stop();
    const kept = await timeStarts(
      { name: `${spoolMiB} MiB of spool and its catalog`, targets: [5, 2], directory, signal: 'SIGTERM' },
      context,
    );
    return [fresh, lost, kept];
  },
};
