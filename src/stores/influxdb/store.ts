/** InfluxDB 1.x, 2.x or 3.x as the place where history lives. */
import type { HistoryStore } from '../../ports/history-store.js';
import { describeFailure } from './errors.js';
import { InfluxReader } from './reader.js';
import { ServerProbe } from './server.js';
import { databaseOf, type InfluxSettings } from './settings.js';
import { openTransport, type InfluxTransport } from './transport.js';
import { InfluxWriter } from './writer.js';

export class InfluxStore implements HistoryStore {
  readonly name = 'influxdb';
  readonly writer: InfluxWriter;
  readonly reader: InfluxReader;
  readonly #transport: InfluxTransport;
  readonly #probe: ServerProbe;

  constructor(settings: InfluxSettings) {
    this.#transport = openTransport(settings);
    this.#probe = new ServerProbe(settings, this.#transport);
    this.writer = new InfluxWriter(this.#transport, this.#probe, settings);
    this.reader = new InfluxReader(this.#transport, this.#probe, databaseOf(settings), settings.timeoutMs);
  }

  /** A server that is away is asked again by whatever needs it first. */
  async start(): Promise<void> {
    try {
      await this.#probe.find();
    } catch (error) {
      if (!describeFailure(error)) throw error;
    }
  }

  stop(): Promise<void> {
    this.writer.close();
    this.#transport.close();
    return Promise.resolve();
  }
}
