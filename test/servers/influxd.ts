/** A real InfluxDB 1.x for tests, in a directory of its own under the system's temporary one. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hasInfluxd, InfluxdProcess, type InfluxdOptions } from '../../bench/servers/influxd.js';
import { isMissing } from './missing.js';

export interface InfluxdSettings extends InfluxdOptions {
  /** Where its data lies, which is not removed; a directory of its own unless given. */
  directory?: string;
}

export class Influxd extends InfluxdProcess {
  /** Its own, to be removed. */
  readonly #directory: string | undefined;

  constructor({ directory, ...options }: InfluxdSettings = {}) {
    const own = directory === undefined ? path.join(tmpdir(), `inlet-influxd-${randomUUID()}`) : undefined;
    super(directory ?? own!, options);
    this.#directory = own;
  }

  /** Ends it in good order and removes its data. */
  override async stop(): Promise<void> {
    await super.stop();
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Runs InfluxQL on it past everything of ours. @returns the parsed answer */
  async query(text: string, database?: string): Promise<unknown> {
    const parameters = new URLSearchParams({ q: text, ...(database === undefined ? {} : { db: database }) });
    const response = await fetch(`${this.url}/query`, { method: 'POST', body: parameters });
    return response.json();
  }

  /** Writes line protocol to it past everything of ours. */
  async write(lines: string, database: string): Promise<void> {
    const response = await fetch(`${this.url}/write?db=${encodeURIComponent(database)}`, {
      method: 'POST',
      body: lines,
    });
    if (response.status !== 204)
      throw new Error(`influxd took the lines with ${response.status}: ${await response.text()}`);
  }
}

export function influxdIsMissing(suite: string): boolean {
  return isMissing(suite, 'influxd (1.x)', hasInfluxd());
}
