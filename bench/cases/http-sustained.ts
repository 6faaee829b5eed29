import { setTimeout as pause } from 'node:timers/promises';
import type { Load } from '../load/load.js';
import type { Pace } from '../measure.js';
import type { OurServer } from '../subject.js';
import { bareHttp, httpConnections, loadByHttp } from './http-batch.js';
import { compare } from './compare.js';
import type { Case } from './case.js';

const askEveryMs = 50;
/** The load holds back while a reading waits longer than this for the store. */
const holdAboveMs = 1000;
/** The measured time does not end before this holds. */
const pendingAtMostMs = 2000;

/** A store that takes nothing for so long is broken. */
const storeTimeoutMs = 30_000;

/**
 * The store sets the pace. What counts is what it has taken in the measured time, or what was acked, whichever is less:
 * so neither a backlog that grows nor one that shrinks can flatter the figure. A store takes tens of thousands of readings
 * at once, so the time begins and ends right behind such a commit.
 */
class StorePace implements Pace {
  readonly #ours: OurServer;
  #isHeld = false;
  #stored = 0;

  constructor(ours: OurServer) {
    this.#ours = ours;
  }

  async warmUp(load: Load, milliseconds: number): Promise<void> {
    await this.#untilCommit(load, milliseconds);
  }

  async measured(load: Load, milliseconds: number): Promise<number> {
    const before = this.#stored;
    await this.#untilCommit(load, milliseconds);
    return this.#stored - before;
  }

  /** Ends behind the first commit after that time that leaves little pending, and not before something was acknowledged. */
  async #untilCommit(load: Load, milliseconds: number): Promise<void> {
    const startedAtMs = performance.now();
    let committedAtMs = startedAtMs;
    const { acked } = load;
    for (;;) {
      await load.during(pause(askEveryMs));
      const { stored, oldestPendingMs } = await load.during(this.#ours.stats());
      const waitsMs = oldestPendingMs ?? 0;
      this.#holdOrGo(load, waitsMs > holdAboveMs);
      const hasCommitted = stored > this.#stored;
      this.#stored = stored;
      const now = performance.now();
      if (hasCommitted) committedAtMs = now;
      const isDone = hasCommitted && load.acked > acked && now - startedAtMs >= milliseconds;
      if (isDone && waitsMs <= pendingAtMostMs) return;
      if (now - committedAtMs > milliseconds + storeTimeoutMs) throw new Error('the store takes nothing');
    }
  }

  #holdOrGo(load: Load, isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    if (isHeld) load.hold();
    else load.go();
  }
}

export const httpSustained: Case = {
  name: 'http-sustained',
  title: 'Durable HTTP ingest, sustained into DuckDB',
  how: [
    loadByHttp,
    `The load holds back while the oldest reading that the store does not have is older than ${holdAboveMs} ms, so the ` +
      `store sets the pace from the warm-up on. The rate is what was acked or what was stored in the measured time, ` +
      `whichever is less; that time begins and ends with a commit of the store that leaves nothing pending that is ` +
      `older than ${pendingAtMostMs} ms.`,
    bareHttp,
  ],
  async run(context) {
    const line = async (batch: number, first: number, then: number) =>
      compare(
        {
          name: `batch ${batch}`,
          unit: 'readings/s',
          targets: [first, then],
          protocol: 'http',
          load: { connections: httpConnections, batch, window: 1 },
          bare: 'fastify-json',
          pace: (ours) => new StorePace(ours),
        },
        context,
      );
    return [await line(1, 0.5, 0.65), await line(100, 0.4, 0.55), await line(1000, 0.3, 0.4)];
  },
};
