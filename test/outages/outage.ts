/**
 * The whole service on a real InfluxDB, while a simulator sends to it and something is taken away. Afterwards every
 * acknowledged reading has to be in InfluxDB once, with its values, and the counts have to close.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { readPages } from '../../simulators/history.js';
import { Influxd, type InfluxdSettings } from '../servers/influxd.js';
import { InletProcess } from '../servers/inlet.js';

const simulator = fileURLToPath(new URL('../../simulators/simulate.js', import.meta.url));
const fields = ['temperature', 'humidity', 'pressure', 'co2'];
const devices = 20;
const rateHz = 50;
const deliveredWithinMs = 20_000;

interface Recorded {
  device: string;
  ts: number;
  fields: Record<string, unknown>;
}

export class Outage {
  readonly influxd: Influxd;
  readonly inlet: InletProcess;
  readonly #record: string;
  #unready: string[] = [];

  private constructor(influxd: Influxd, directory: string) {
    this.influxd = influxd;
    this.#record = path.join(directory, 'acknowledged.ndjson');
    this.inlet = new InletProcess({
      INLET_STORE: 'influxdb',
      INLET_INFLUX_URL: influxd.url,
      INLET_DATA_DIR: path.join(directory, 'inlet'),
    });
  }

  static async open(t: Test, settings: InfluxdSettings = {}): Promise<Outage> {
    const influxd = await new Influxd(settings).start();
    t.teardown(() => influxd.stop());
    const outage = new Outage(influxd, t.testdir());
    t.teardown(() => outage.inlet.end());
    await outage.inlet.start();
    return outage;
  }

  /** Sends for so long, over a protocol, and does something to the store or the service meanwhile. */
  async run(t: Test, protocol: 'http' | 'ws', seconds: number, meanwhile: () => Promise<void>): Promise<void> {
    const acceptedBefore = (await this.inlet.stats()).accepted;
    const load = ['--devices', `${devices}`, '--rate', `${rateHz}`, '--duration', `${seconds}s`];
    const where = ['--url', this.inlet.url, '--protocol', protocol, '--record', this.#record];
    const run = spawn(process.execPath, [simulator, '--profile', 'environment', ...load, ...where], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    t.teardown(() => run.kill('SIGKILL'));
    const ended = Promise.all([text(run.stdout), once(run, 'exit')]);
    while ((await this.inlet.stats()).accepted === acceptedBefore) await pause(50);
    const watching = new AbortController();
    const watch = this.#watchReadiness(watching.signal);
    await meanwhile();
    const [summary, [code]] = await ended;
    watching.abort();
    await watch;
    t.equal(code, 0, summary);
    t.same(this.#unready, [], 'it was ready all the time');
  }

  /** The service takes no reading while it is killed and started again; only then it may not be ready. */
  async killInlet(): Promise<void> {
    await this.inlet.kill9();
    await pause(200);
    await this.inlet.start();
    this.#unready = this.#unready.filter((reason) => !reason.startsWith('nobody'));
  }

  /** @returns how many readings wait in the spool, once there are any */
  async backlog(): Promise<number> {
    for (;;) {
      const { pending } = await this.inlet.stats();
      if (pending > 0) return pending;
      await pause(50);
    }
  }

  async nothingLostOrDoubled(t: Test, seconds: number): Promise<void> {
    const stats = await this.#delivered();
    t.equal(stats.pending, 0, 'the backlog is in');
    t.equal(stats.received, stats.accepted + stats.rejected);
    t.equal(stats.accepted, stats.stored + stats.quarantined + stats.discarded + stats.pending);
    t.equal(stats.quarantined, 0);

    const acked = (await readFile(this.#record, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Recorded);
    const acknowledged = new Map(acked.map((reading) => [identity(reading), valuesOf(reading.fields)]));
    t.equal(acknowledged.size, devices * rateHz * seconds, 'every reading was acknowledged');

    const rows = await this.#storedRows(acked.map(({ ts }) => ts));
    const found = new Map(rows);
    t.equal(found.size, rows.length, 'none is stored twice');
    t.same(
      [...acknowledged].filter(([key, values]) => found.get(key) !== values),
      [],
      'every one is there with its values',
    );
    t.equal(found.size, acknowledged.size, 'and nothing else');
    t.equal(await this.#countedByInfluxDb(), acknowledged.size, 'by its own count as well');
  }

  async #watchReadiness(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const reason = await fetch(`${this.inlet.url}/readyz`).then(
        async (answer) => (answer.ok ? undefined : await answer.text()),
        () => 'nobody answers',
      );
      if (reason !== undefined) this.#unready.push(reason);
      await pause(100);
    }
  }

  async #delivered() {
    for (const deadline = Date.now() + deliveredWithinMs; ; await pause(100)) {
      const stats = await this.inlet.stats();
      if (stats.pending === 0 || Date.now() > deadline) return stats;
    }
  }

  async #storedRows(times: number[]): Promise<[identity: string, values: string][]> {
    const from = times.reduce((a, b) => Math.min(a, b)) - 60_000;
    const to = times.reduce((a, b) => Math.max(a, b)) + 60_000;
    const rows: [string, string][] = [];
    const query = { types: 'environment', from: `${from}`, to: `${to}`, limit: '2000' };
    for await (const page of readPages(this.inlet.url, query)) {
      for (const cells of page.rows) {
        const row = Object.fromEntries(page.columns.map((column, at) => [column, cells[at]]));
        rows.push([identity(row as unknown as Recorded), valuesOf(row)]);
      }
    }
    return rows;
  }

  async #countedByInfluxDb(): Promise<unknown> {
    const answer = await this.influxd.query('SELECT count(temperature) FROM environment', 'telemetry');
    return (answer as { results: { series?: { values: unknown[][] }[] }[] }).results[0]?.series?.[0]?.values[0]?.[1];
  }
}

function identity({ device, ts }: { device: string; ts: number }): string {
  return `${device} ${ts}`;
}

function valuesOf(row: Record<string, unknown>): string {
  return fields.map((field) => String(row[field])).join(' ');
}
