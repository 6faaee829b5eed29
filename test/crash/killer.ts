/**
 * Kills a real service with -9 under load, again and again on the same data: at random moments, and at named points of its
 * work. After each start what was acknowledged is asked for through the public API; at the end of a life all of it is, and
 * the counts are compared with the spool as it lies on disk.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { InletProcess } from '../servers/inlet.js';
import { killAt, killPoints, planted, startPoints, type Fault, type Point } from './fault-points.js';
import { Load, type LoadOptions } from './load.js';
import { Oracle } from './oracle.js';
import { Random } from './random.js';
import { walkSpool } from './spool-walk.js';
import { Tally } from './tally.js';

export interface LifeOptions {
  seed: number;
  store: 'duckdb' | 'influxdb';
  /** Settings of the store. */
  environment: Record<string, string>;
  kills: number;
  /** A fault of every process of this life, to see that it is found out. */
  sabotage?: Fault;
}

/** Segments of 64 KiB, so that there are many. */
const smallSpool = { INLET_SPOOL_MAX_BYTES: '512 KiB', INLET_MAX_BODY_BYTES: '64 KiB', INLET_LOG_LEVEL: 'warn' };
const load: LoadOptions = { httpDevices: 3, streamDevices: 3, restMs: 4 };
const longestRunMs = 250;
/** A point that was not reached by then is given up, and the kill is a random one. */
const pointPatienceMs = 2_500;

export class Life {
  readonly tally = new Tally();
  /** Kills at each point that counted; `at random` for the others. */
  readonly kills = new Map<string, number>();
  readonly #options: LifeOptions;
  readonly #random: Random;
  readonly #oracle: Oracle;
  readonly #load: Load;
  readonly #inlet: InletProcess;
  readonly #keepsAll: boolean;
  #isTorn = false;

  constructor(options: LifeOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#oracle = new Oracle(this.#random);
    this.#load = new Load(this.#oracle, load);
    // Segments are deleted in every other life; in the others the whole spool is there to be counted at the end.
    this.#keepsAll = options.seed % 2 === 0;
    const keep = this.#keepsAll ? '256 MiB' : '0';
    const { store, environment } = options;
    const settings = { ...smallSpool, INLET_SPOOL_KEEP_BYTES: keep, INLET_STORE: store };
    this.#inlet = new InletProcess({ ...settings, ...environment });
  }

  /** @param until nothing new is begun afterwards */
  async run(until: number, say: (text: string) => void = () => undefined): Promise<Tally> {
    try {
      while (this.tally.tries < this.#options.kills && Date.now() < until) {
        const before = this.tally.tries;
        await this.#cycle(this.#choose());
        if (this.tally.tries > before) say(`${this.tally.tries} kills`);
      }
      await this.#start();
      await this.#checkAll();
    } finally {
      await this.#inlet.end();
    }
    this.tally.acked = this.#oracle.ackedReadings;
    this.tally.problems.push(...this.#load.problems);
    this.tally.wrong += this.#load.problems.length;
    return this.tally;
  }

  /** Every other kill is at a named point. */
  #choose(): Fault | undefined {
    if (this.#options.sabotage || this.#random.below(2) === 0) return undefined;
    const points: readonly Point[] = killPoints[this.#options.store];
    const point = points[this.#random.below(points.length)]!;
    return killAt(point, firstTime(point) + this.#random.below(point.startsWith('append') ? 25 : 2));
  }

  async #cycle(fault: Fault | undefined): Promise<void> {
    await this.#start(fault);
    if (!(await this.#isAlive())) return;
    await this.#check();
    if (!(await this.#isAlive())) return;
    this.#load.begin(this.#inlet.url);
    const patienceMs = fault ? pointPatienceMs : 20 + this.#random.below(longestRunMs);
    const stopped = new AbortController();
    const timer = pause(patienceMs, undefined, { signal: stopped.signal }).catch(() => undefined);
    await Promise.race([this.#inlet.ended(), timer]);
    stopped.abort();
    let killedAt = process.hrtime.bigint();
    let point = 'at random';
    if (await this.#isAlive()) await this.#inlet.kill9();
    else [killedAt, point] = killNote(this.#inlet.stderr);
    this.#isTorn = point === 'append, half written';
    const unanswered = (await this.#load.end()).filter((sentAt) => sentAt < killedAt);
    if (unanswered.length === 0) return;
    this.tally.tries++;
    this.kills.set(point, (this.kills.get(point) ?? 0) + 1);
  }

  /** Starts with the fault in it; when it dies of that before it is ready, it is started again without. */
  async #start(fault?: Fault): Promise<void> {
    const walk = this.#inlet.url === '' ? undefined : await walkSpool(this.#inlet.dataDirectory, Infinity);
    if (this.#isTorn && this.#random.below(2) === 0) {
      this.#isTorn = false;
      const point = startPoints[this.#random.below(startPoints.length)]!;
      await this.#inlet.start(planted(killAt(point, 1))).then(
        () => this.#inlet.kill9(),
        () => undefined,
      );
    }
    const chosen = this.#options.sabotage ?? fault;
    const startedAt = performance.now();
    this.#inlet.stderr.splice(0);
    try {
      await this.#inlet.start(chosen ? planted(chosen) : {});
    } catch (error) {
      if (!chosen || !wasKilled(this.#inlet.stderr)) throw error;
      return this.#start();
    }
    this.tally.readyAgainMs.push(performance.now() - startedAt);
    if (!walk) return;
    const stats = await this.#inlet.stats().catch(() => undefined);
    if (!stats) return;
    this.tally.expect(stats.accepted >= walk.head, `${stats.accepted} accepted, ${walk.head} in the spool`);
    this.tally.expect(walk.damaged === 0, `a kill is taken for damage of ${walk.damaged} readings`);
    this.tally.expectConservation(stats);
  }

  /** @param withinMs how long it may take until the end of a process that was killed is known here */
  async #isAlive(withinMs = 0): Promise<boolean> {
    const patience = pause(withinMs).then(() => 'alive' as const);
    return (await Promise.race([this.#inlet.ended(), patience])) === 'alive';
  }

  /** What was acknowledged since the last check. The fault may come in the middle; then the next one sees it. */
  async #check(): Promise<void> {
    try {
      await this.#inlet.settled();
      this.tally.add(await this.#oracle.checkNew(this.#inlet.url));
    } catch (error) {
      // A service that lives and does not answer, or does not deliver, is wrong.
      if (await this.#isAlive(1000)) this.tally.expect(false, (error as Error).message);
    }
  }

  async #checkAll(): Promise<void> {
    const { url } = this.#inlet;
    await this.#check();
    const judgement = await this.#oracle.checkAll(url);
    this.tally.add(judgement);
    const stats = await this.#inlet.stats();
    this.tally.expectConservation(stats);
    await this.#inlet.stop();
    const walk = await walkSpool(this.#inlet.dataDirectory);
    const { tally } = this;
    tally.expect(stats.accepted === walk.head, `${stats.accepted} accepted, the spool ends at ${walk.head}`);
    tally.expect((walk.pending ?? 0) === stats.pending, `${stats.pending} pending, ${walk.pending} walked`);
    if (!this.#keepsAll) return;
    tally.expect(walk.tail === 0, `the spool begins at ${walk.tail}`);
    const stored = judgement.rows;
    tally.expect(walk.accepted.size === stored, `${walk.accepted.size} readings in the spool, ${stored} in the store`);
  }
}

/** The check before the load delivers too; what is to be hit there comes later. */
function firstTime(point: Point): number {
  return /^(deliver|commit)/.test(point) ? 4 : 1;
}

function wasKilled(lines: readonly string[]): boolean {
  return lines.at(-1)?.startsWith('killed ') ?? false;
}

/** The last words of a process that was killed at a point. */
function killNote(lines: readonly string[]): [at: bigint, point: string] {
  const [, at, point] = /^killed (\d+) (.+)$/.exec(lines.at(-1) ?? '') ?? [];
  if (at === undefined || point === undefined)
    throw new Error(`the service ended without being killed: ${lines.join('\n')}`);
  return [BigInt(at), point];
}
