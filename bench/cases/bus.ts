/** How fast readings get from one instance to the other over the live bus. */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Load } from '../load/load.js';
import { flatOut, inPairs, measure, type Pace } from '../measure.js';
import { describePair } from '../report.js';
import { ratioLine, type Run } from '../result.js';
import type { ServerProcess } from '../server-process.js';
import { hasMosquitto, MosquittoProcess } from '../servers/mosquitto.js';
import { OurServer } from '../subject.js';
import type { Case, CaseContext } from './case.js';

const connections = 8;
const batch = 100;
const window = 1;
const askEveryMs = 50;
const arriveWithinMs = 30_000;

/** What counts is what the feed of the other instance has. */
class ArrivalPace implements Pace {
  readonly #receiver: ServerProcess;

  constructor(receiver: ServerProcess) {
    this.#receiver = receiver;
  }

  async warmUp(load: Load, milliseconds: number): Promise<void> {
    await load.runFor(milliseconds);
  }

  async measured(load: Load, milliseconds: number): Promise<number> {
    const before = (await positionAt(this.#receiver))!;
    await load.runFor(milliseconds);
    // What was acked in a short time may be on its way yet.
    for (const deadline = performance.now() + arriveWithinMs; ; await pause(askEveryMs)) {
      const arrived = (await positionAt(this.#receiver))! - before;
      if (arrived > 0) return arrived;
      if (performance.now() > deadline) throw new Error(`nothing came in ${arriveWithinMs / 1000} s`);
    }
  }
}

/** @returns undefined while it does not know the other one */
async function positionAt(server: ServerProcess): Promise<number | undefined> {
  const response = await fetch(new URL('/v1/stats', server.url));
  const { bus } = (await response.json()) as { bus: { peers: { position: number }[] } };
  return bus.peers[0]?.position;
}

async function betweenTwo({ scratch, profile, seconds }: CaseContext): Promise<Run> {
  const mosquitto = new MosquittoProcess(path.join(scratch.next(), 'mosquitto'));
  await mosquitto.start();
  const settings = { INLET_MQTT_URL: mosquitto.url };
  const sender = new OurServer(scratch, profile, [], settings);
  const receiver = new OurServer(scratch, undefined, [], settings);
  try {
    await sender.server.start();
    await receiver.server.start();
    while ((await positionAt(receiver.server)) === undefined) await pause(askEveryMs);
    const load = new Load('http', { connections, batch, window, url: sender.server.url });
    return await measure(sender, load, seconds, new ArrivalPace(receiver.server));
  } finally {
    await sender.stop();
    await receiver.stop();
    await mosquitto.stop();
  }
}

async function alone({ scratch, profile, seconds }: CaseContext): Promise<Run> {
  const one = new OurServer(scratch, profile);
  try {
    await one.server.start();
    return await measure(one, new Load('http', { connections, batch, window, url: one.server.url }), seconds, flatOut);
  } finally {
    await one.stop();
  }
}

export const bus: Case = {
  name: 'bus',
  title: 'Live readings from one instance to another',
  how: [
    `${connections} HTTP connections send batches of ${batch} to one instance, as fast as they are acked. What counts is what ` +
      'the other instance has got of them over Mosquitto, checked, known to its catalog and in its feed.',
    'Bare is one instance without a broker under the same load: what it acks. The second instance and the broker run on ' +
      'the same machine, and both instances deliver to a DuckDB of their own. CPU is that of the instance that is sent to.',
  ],
  async run(context) {
    if (!hasMosquitto()) throw new Error('there is no mosquitto on this machine');
    const unit = 'readings/s';
    const measured = await inPairs(
      context.pairs,
      async () => betweenTwo(context),
      async () => alone(context),
      (pair) => context.say(`  ${describePair(pair, unit)}`),
    );
    return [ratioLine('accepted at one, received at the other', unit, [0.5, 0.8], measured)];
  },
};
