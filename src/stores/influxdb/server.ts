/**
 * What is at the other end: which InfluxDB, and whether our database is there. Found out at the first request that needs
 * it, and again after a failure, because the server may have been replaced or the database dropped meanwhile.
 */
import { HttpError } from '@influxdata/influxdb-client';
import { makeDatabase } from './database.js';
import type { InfluxSettings } from './settings.js';
import type { InfluxTransport } from './transport.js';
import { parseVersion, type Version } from './version.js';
import { writePath } from './write-path.js';

export interface Server extends Version {
  /** Path and query of the write endpoint. */
  writePath: string;
  /** Id of the organisation that the bucket is of, where there are organisations. */
  organisation: string | undefined;
  /** Why our database or bucket could not be made. It may be there all the same: then nobody needs to know. */
  notMade: string | undefined;
  /** Why our database cannot be asked by InfluxQL. */
  notMapped: string | undefined;
}

export class ServerProbe {
  readonly #settings: InfluxSettings;
  readonly #transport: InfluxTransport;
  #found: Promise<Server> | undefined;

  constructor(settings: InfluxSettings, transport: InfluxTransport) {
    this.#settings = settings;
    this.#transport = transport;
  }

  /** @throws as the client does, when the server is away */
  find(): Promise<Server> {
    this.#found ??= this.#probe().catch((error: unknown) => {
      this.#found = undefined;
      throw error;
    });
    return this.#found;
  }

  forget(): void {
    this.#found = undefined;
  }

  async #probe(): Promise<Server> {
    const version = (await this.#askVersion()) ?? this.#likelyVersion();
    const { organisation, notMade, notMapped } = await makeDatabase(this.#transport, this.#settings, version);
    return {
      ...version,
      writePath: writePath(version, this.#settings, organisation),
      organisation,
      notMade,
      notMapped,
    };
  }

  /**
   * `/ping` names the version in a header, and in 3.x also in its body.
   * @returns undefined when something hides it, as InfluxDB Cloud and some proxies do
   */
  async #askVersion(): Promise<Version | undefined> {
    let header: unknown;
    const body: unknown = await this.#transport.transport
      .request('/ping', '', { method: 'GET' }, (headers) => {
        header = headers['x-influxdb-version'];
      })
      .catch((error: unknown) => {
        if (error instanceof HttpError && error.statusCode === 404) return undefined;
        throw error;
      });
    const inBody = typeof body === 'object' && body !== null && 'version' in body ? body.version : undefined;
    return parseVersion(header ?? inBody);
  }

  #likelyVersion(): Version {
    return this.#settings.token === undefined ? { major: 1, minor: 0 } : { major: 2, minor: 0 };
  }
}
