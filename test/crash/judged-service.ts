/** A service with an oracle beside it: started with what a fault needs, loaded, and judged at the end. */
import { InletProcess } from '../servers/inlet.js';
import { Load, type LoadOptions } from './load.js';
import { Oracle } from './oracle.js';
import { Random } from './random.js';
import { walkSpool } from './spool-walk.js';
import type { Tally } from './tally.js';

const load: LoadOptions = { httpDevices: 2, streamDevices: 2, restMs: 10 };
/** Long, for a machine that has other work. */
const patienceMs = 60_000;

export class JudgedService {
  readonly inlet: InletProcess;
  readonly load: Load;
  readonly oracle: Oracle;
  readonly tally: Tally;

  /** @param under what the process runs under, such as `strace` and its arguments */
  constructor(tally: Tally, seed: number, environment: Record<string, string>, under: readonly string[] = []) {
    this.tally = tally;
    this.inlet = new InletProcess({ INLET_SPOOL_KEEP_BYTES: '256 MiB', ...environment }, under);
    this.oracle = new Oracle(new Random(seed));
    this.load = new Load(this.oracle, load);
  }

  /** Resolves when it is so; that it never is counts as wrong. */
  async waitUntil(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + patienceMs; Date.now() < deadline;) {
      if (await isSo()) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    this.tally.expect(false, `within ${patienceMs / 1000} s it did not come to this: ${what}`);
  }

  async isReady(): Promise<boolean> {
    return fetch(`${this.inlet.url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** Acknowledgements come again. */
  async untilAcked(): Promise<void> {
    const before = this.load.ackedBatches;
    await this.waitUntil('readings are acknowledged', () => this.load.ackedBatches > before + 20);
  }

  /** Killed with -9 and started again, without what it ran under if the caller says so. */
  async killAndStart(environment: Record<string, string> = {}): Promise<void> {
    await this.inlet.kill9();
    await this.load.end();
    const startedAt = performance.now();
    await this.inlet.start(environment);
    this.tally.readyAgainMs.push(performance.now() - startedAt);
  }

  /** Everything that was acknowledged is asked for, and every count compared; the load has ended before. */
  async judge(expected: { quarantined?: number } = {}): Promise<void> {
    const { inlet, oracle, tally } = this;
    await this.waitUntil('everything is delivered', async () => (await inlet.stats()).pending === 0);
    const judgement = await oracle.checkAll(inlet.url);
    tally.add(judgement);
    tally.acked += oracle.ackedReadings;
    const stats = await inlet.stats();
    tally.expectConservation(stats);
    const quarantined = expected.quarantined ?? 0;
    tally.expect(stats.quarantined === quarantined, `${stats.quarantined} in quarantine, not ${quarantined}`);
    for (const problem of this.load.problems) tally.expect(false, problem);
    await inlet.stop();
    const walk = await walkSpool(inlet.dataDirectory);
    tally.expect(walk.damaged === 0, `${walk.damaged} readings are damaged`);
    tally.expect(stats.accepted === walk.head, `${stats.accepted} accepted, the spool ends at ${walk.head}`);
    tally.expect((walk.pending ?? 0) === stats.pending, `${stats.pending} pending, ${walk.pending} walked`);
    if (walk.tail > 0) return;
    tally.expect(
      walk.accepted.size === judgement.rows,
      `${walk.accepted.size} readings in the spool, ${judgement.rows} in the store`,
    );
  }
}
