/**
 * A real VictoriaMetrics for tests: a server that we did not write and that takes line protocol at `/api/v2/write`, as
 * InfluxDB 2.x does. It keeps each field as a series of floats, `measurement_field`, and leaves strings out.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.js';

const program = '/usr/bin/victoria-metrics';
const startWithinMs = 20_000;

export interface ExportedSeries {
  /** Labels; the name of the series is `__name__`. */
  metric: Record<string, string>;
  values: number[];
  /** Milliseconds. */
  timestamps: number[];
}

export class VictoriaMetrics {
  url = '';
  #directory = '';
  #process: ChildProcess | undefined;

  async start(): Promise<this> {
    this.#directory = await mkdtemp(path.join(tmpdir(), 'inlet-victoria-'));
    const address = `127.0.0.1:${await freePort()}`;
    this.url = `http://${address}`;
    const child = spawn(
      program,
      [
        `-storageDataPath=${this.#directory}`,
        `-httpListenAddr=${address}`,
        '-retentionPeriod=100y',
        '-loggerLevel=ERROR',
      ],
      { stdio: 'ignore' },
    );
    this.#process = child;
    // A test that ends by an error must not leave a server behind.
    const killIt = () => child.kill('SIGKILL');
    process.once('exit', killIt);
    child.once('exit', () => process.off('exit', killIt));
    for (const deadline = Date.now() + startWithinMs; Date.now() < deadline; await delay(25)) {
      if (child.exitCode !== null) throw new Error(`victoria-metrics ended with ${child.exitCode}`);
      if (
        await fetch(`${this.url}/health`).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        return this;
    }
    throw new Error(`victoria-metrics did not answer within ${startWithinMs} ms`);
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Every series whose name matches the regular expression. */
  async export(name: string): Promise<ExportedSeries[]> {
    await fetch(`${this.url}/internal/force_flush`);
    const query = new URLSearchParams({ 'match[]': `{__name__=~"${name}"}` });
    const text = await (await fetch(`${this.url}/api/v1/export?${query}`)).text();
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ExportedSeries);
  }
}

/** As `influxdIsMissing`: said loudly, and an error where `CI` is set. */
export function victoriaMetricsIsMissing(suite: string): boolean {
  try {
    accessSync(program, constants.X_OK);
    return false;
  } catch {
    const message = `${suite} DID NOT RUN: there is no ${program} on this machine`;
    if (process.env['CI']) throw new Error(message);
    process.stderr.write(`\n!!! ${message}\n\n`);
    return true;
  }
}
