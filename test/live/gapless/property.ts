/** The property, for one form of the feed: on both stores, and with a spool that keeps nothing. */
import { asyncProperty, check } from 'fast-check';
import path from 'node:path';
import type { Test } from 'tap';
import { Service } from '../../../src/app/service.js';
import { readSettings } from '../../../src/config/settings.js';
import { freePort } from '../../../bench/servers/free-port.js';
import { Influxd, influxdIsMissing } from '../../servers/influxd.js';
import type { Expectations } from './journal.js';
import { commands, Runs, type RunService } from './run.js';
import type { FeedSubject } from './subject.js';

const runs = 8;
const patienceMs = 20_000;

export async function nothingIsMissing(t: Test, subject: FeedSubject): Promise<void> {
  await t.test(`over ${subject.name} nothing is missing and nothing doubled: DuckDB`, async (t) => {
    await holds(t, await openService(t), subject, { gaps: false, storeKnowsPositions: true, patienceMs });
  });

  await t.test(`over ${subject.name} nothing is missing and nothing doubled: InfluxDB`, async (t) => {
    if (influxdIsMissing('The live feed over InfluxDB')) return;
    const influxd = await new Influxd().start();
    t.teardown(() => influxd.stop());
    const settings = { INLET_STORE: 'influxdb', INLET_INFLUX_URL: influxd.url, INLET_INFLUX_DATABASE: 'telemetry' };
    await holds(t, await openService(t, settings), subject, { gaps: false, storeKnowsPositions: false, patienceMs });
  });

  await t.test(`over ${subject.name} what the spool has not kept is told as a gap`, async (t) => {
    const settings = { INLET_SPOOL_MAX_BYTES: '512 KiB', INLET_SPOOL_KEEP_BYTES: '0', INLET_MAX_BODY_BYTES: '256 KiB' };
    await holds(t, await openService(t, settings), subject, { gaps: true, storeKnowsPositions: true, patienceMs });
  });
}

export class Restartable implements RunService {
  readonly #environment: Record<string, string>;
  #service: Service | undefined;
  url = '';

  constructor(environment: Record<string, string>) {
    this.#environment = environment;
  }

  get feedUrl(): string {
    return this.url;
  }

  async start(): Promise<void> {
    this.#service = new Service(readSettings({ ...this.#environment, INLET_LOG_LEVEL: 'silent' }));
    await this.#service.start();
    this.url = this.#service.url;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
  }
}

export async function openService(
  t: Test,
  settings: Record<string, string> = {},
  directory?: string,
): Promise<Restartable> {
  const opened: { service?: Restartable } = {};
  // Before the directory is made: tap would remove it first, under a service that still writes there.
  t.teardown(() => opened.service?.stop());
  const service = new Restartable({
    INLET_DATA_DIR: path.join(directory ?? t.testdir(), 'data'),
    INLET_PORT: String(await freePort()),
    ...settings,
  });
  opened.service = service;
  await service.start();
  return service;
}

export async function holds(
  t: Test,
  service: RunService,
  subject: FeedSubject,
  expectations: Expectations,
): Promise<void> {
  const all = new Runs(service, subject, expectations);
  let wrong: string | undefined;
  const details = await check(
    asyncProperty(commands, async (commands) => {
      wrong = await all.run(commands);
      return wrong === undefined;
    }),
    { numRuns: runs, endOnFailure: true },
  );
  t.notOk(details.failed, `${wrong} ${details.seed} ${JSON.stringify(details.counterexample)}`);
}
