import { setTimeout as pause } from 'node:timers/promises';
import { IdleSockets } from '../load/idle-sockets.js';
import { inPairs } from '../measure.js';
import { describePair } from '../report.js';
import { ratioLine, type RatioLine, type Run } from '../result.js';
import { BareServer, OurServer, type Subject } from '../subject.js';
import type { Case, CaseContext } from './case.js';

const unit = 'connections/MiB';
const collecting = ['--import', new URL('../collect-garbage.js', import.meta.url).href];
/** Opened before anything is measured, and kept, so that the heap has its size and nothing in it is free to be reused. */
const warmUpShare = 0.25;
/** Behind the last handshake and behind the warm-up: by then the servers have written, and freed, what they had to. */
const settleMs = 2_000;

async function holding(subject: Subject, path: string, { connections, seconds }: CaseContext): Promise<Run> {
  const { server } = subject;
  try {
    await server.start();
    const settle = async () => pause(Math.min(settleMs, seconds * 1000));
    const first = new IdleSockets(server.url, path);
    await first.open(Math.ceil(connections * warmUpShare));
    await settle();
    const before = await server.heldBytes();
    const others = new IdleSockets(server.url, path);
    await others.open(connections);
    await settle();
    const grown = (await server.heldBytes()) - before;
    first.close();
    others.close();
    return { rate: connections / (grown / 2 ** 20), cpuSecondsPerMillion: null, loadBusy: 0 };
  } finally {
    await subject.stop();
  }
}

async function compare(name: string, path: string, context: CaseContext): Promise<RatioLine> {
  const { pairs, scratch, profile, say } = context;
  say(name);
  const measured = await inPairs(
    pairs,
    async () => holding(new OurServer(scratch, profile, collecting), path, context),
    async () => holding(new BareServer('ws-json', collecting), path, context),
    (pair) => say(`  ${describePair(pair, unit)}`),
  );
  return ratioLine(name, unit, [1 / 1.5, 1 / 1.1], measured);
}

export const idle: Case = {
  name: 'idle',
  title: 'Resident memory of connections that say nothing',
  how: [
    'Resident memory of the process before and after the connections are opened, beside a quarter of them that are open ' +
      'already, and behind a collection of garbage each time. A rate is connections in a MiB of growth, so 0.67 is 1.5 times the bytes a connection.',
    'A stream has had its welcome; a subscriber has one subscription, of one device. Bare is `ws` alone.',
  ],
  async run(context) {
    const { connections } = context;
    return [
      await compare(`${connections} streams`, '/v1/stream', context),
      await compare(`${connections} subscribers`, '/v1/live?devices=press-0042', context),
    ];
  },
};
