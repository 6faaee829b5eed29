/**
 * A real VictoriaMetrics for tests: a server that we did not write and that takes line protocol at `/api/v2/write`, as
 * InfluxDB 2.x does. It keeps each field as a series of floats, `measurement_field`, and leaves strings out.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ForeignProcess } from '../../bench/servers/foreign-process.js';
import { freePort } from '../../bench/servers/free-port.js';
import { isMissing } from './missing.js';

const program = '/usr/bin/victoria-metrics';

export interface ExportedSeries {
  /** Labels; the name of the series is `__name__`. */
  metric: Record<string, string>;
  values: number[];
  /** Milliseconds. */
  timestamps: number[];
}

export class VictoriaMetrics {
  url = '';
  readonly #process = new ForeignProcess(program);
  #directory = '';

  async start(): Promise<this> {
    this.#directory = await mkdtemp(path.join(tmpdir(), 'inlet-victoria-'));
    const address = `127.0.0.1:${await freePort()}`;
    this.url = `http://${address}`;
    const commandLine = [
      `-storageDataPath=${this.#directory}`,
      `-httpListenAddr=${address}`,
      '-retentionPeriod=100y',
      '-loggerLevel=ERROR',
    ];
    await this.#process.start(commandLine, () => isHealthy(this.url));
    return this;
  }

  async stop(): Promise<void> {
    await this.#process.end('SIGKILL');
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

async function isHealthy(url: string): Promise<boolean> {
  return fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}

export function victoriaMetricsIsMissing(suite: string): boolean {
  return isMissing(suite, program, existsSync(program));
}
