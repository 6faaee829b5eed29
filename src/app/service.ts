/**
 * The composition root: the only place that knows every adapter. Started in the order in which readings flow back from
 * the store to the door, so that nothing is taken in before what it needs is there; stopped the other way round.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import pino, { type Logger } from 'pino';
import type { FastifyInstance } from 'fastify';
import { CatalogKeeper } from '../catalog/keeper.js';
import { MemoryCatalog } from '../catalog/memory-catalog.js';
import { Codecs } from '../codecs/codecs.js';
import { LiveCommandCodec } from '../codecs/live-command.js';
import { readSharedSchemas } from '../config/shared-schemas.js';
import { projectRoot, SettingError, type Settings } from '../config/settings.js';
import { feedHistory } from '../history/feed-history.js';
import { InstanceFeed } from '../live/feed.js';
import { DeviceRemoval } from '../pipeline/device-removal.js';
import { Delivery } from '../pipeline/delivery.js';
import { Replay } from '../pipeline/replay.js';
import { Ingest } from '../pipeline/ingest.js';
import { Retention } from '../pipeline/retention.js';
import type { ReadingType } from '../ports/catalog.js';
import { systemClock } from '../ports/clock.js';
import type { HistoryStore } from '../ports/history-store.js';
import { FileQuarantine } from '../quarantine/file-quarantine.js';
import { loadReadingTypes } from '../reading-types/load.js';
import { DirectoryLock } from '../spool/lock.js';
import { SegmentedSpool } from '../spool/log.js';
import { DuckDbParquetWriter } from '../stores/duckdb/parquet-writer.js';
import { DuckDbStore } from '../stores/duckdb/store.js';
import { InfluxStore } from '../stores/influxdb/store.js';
import { createHttpServer } from '../transports/http/server.js';
import { Metrics } from '../transports/http/metrics.js';
import { addBusMetrics } from '../transports/mqtt/bus-metrics.js';
import { LiveResponses } from '../transports/live-http/responses.js';
import { Sockets } from '../transports/ws/sockets.js';
import { connectionBound } from './connection-bound.js';
import { instanceName } from './instance.js';
import { startLiveBus } from './live-bus.js';
import { startMqtt } from './mqtt.js';
import { watchOperations } from './operations.js';

/** A store that has not answered by then counts as away. */
const storeTimeoutMs = 30_000;
/** How long requests that are under way have to finish when the service stops. */
const requestGraceMs = 3_000;

/** What is started and has to be stopped, newest last. */
type Stop = () => Promise<void> | void;

export class Service {
  readonly #settings: Readonly<Settings>;
  readonly #log: Logger;
  readonly #stops: Stop[] = [];
  #url = '';
  #mqttUrl: string | undefined;

  constructor(settings: Readonly<Settings>) {
    this.#settings = settings;
    this.#log = pino({ level: settings.logLevel });
  }

  get log(): Logger {
    return this.#log;
  }

  /** Where it listens. */
  get url(): string {
    return this.#url;
  }

  /** Where devices may connect by MQTT, if they may. */
  get mqttUrl(): string | undefined {
    return this.#mqttUrl;
  }

  async start(): Promise<void> {
    const settings = this.#settings;
    const readingTypes = readTypes(settings.schemaDirectory);
    await mkdir(settings.dataDirectory, { recursive: true });
    const lock = new DirectoryLock(settings.dataDirectory);
    await lock.take();
    this.#stops.push(() => lock.release());

    const parquet = new DuckDbParquetWriter({ directory: path.join(settings.dataDirectory, 'exports') });
    await parquet.start();
    this.#stops.push(() => parquet.stop());
    const store = openStore(settings);
    await store.start();
    this.#stops.push(() => store.stop());
    const spool = await this.#startSpool(store);
    const { catalog, keeper } = await this.#startCatalog(spool, store, readingTypes);
    const { delivery, quarantine } = await this.#startDelivery(spool, store);
    const instance = await instanceName(settings.dataDirectory);
    const feed = new InstanceFeed({
      instance,
      inventory: catalog,
      clock: systemClock,
      log: this.#log,
      position: spool.head,
      spool,
      reader: store.reader,
      history: feedHistory,
      progress: delivery,
    });
    catalog.presence.onChange = (change) => feed.tellPresence(change);
    feed.start();
    this.#stops.push(() => feed.stop());
    const bus = await startLiveBus({ feed, spool, catalog, instance, log: this.#log, settings });
    if (bus) this.#stops.push(() => bus.stop());
    const replay = new Replay({ quarantine, writer: store.writer, delivery });
    const removal = new DeviceRemoval({ spool, delivery, writer: store.writer, quarantine, catalog: keeper });
    const limits = { maxBatchReadings: settings.maxBatchReadings, maxInFlightBytes: settings.maxInFlightBytes };
    const { lineDeviceTags, senmlNames } = settings;
    const codecs = new Codecs({ clock: systemClock, lineDeviceTags, senmlNames });
    const ingest = new Ingest({ codecs, catalog, spool, feed: bus?.feed ?? feed, clock: systemClock, limits });

    const schemas = readSharedSchemas();
    const counters = { streams: () => 0 };
    const operations = watchOperations({
      ingest,
      spool,
      quarantine,
      inventory: catalog,
      feed,
      counters,
      settings,
      bus,
    });
    const metrics = new Metrics(operations);
    if (bus) addBusMetrics(metrics.registry, bus);
    const maxConnections = Math.floor(connectionBound() / (settings.mqtt.listen ? 2 : 1));
    const http = await createHttpServer({
      ingest,
      delivery,
      inventory: catalog,
      readingTypes,
      reader: store.reader,
      operations,
      quarantine,
      replay,
      removal,
      metrics,
      parquet,
      clock: systemClock,
      log: this.#log,
      maxBodyBytes: settings.maxBodyBytes,
      maxConnections,
      allowedOrigins: settings.allowedOrigins,
      schemas,
      mqtt: settings.mqtt,
      dashboardDirectory: path.join(projectRoot, 'dist', 'dashboard'),
    });
    const { allowedOrigins } = settings;
    const live = { feed, commands: new LiveCommandCodec(schemas), clock: systemClock, metrics, allowedOrigins };
    const responses = new LiveResponses(live);
    responses.addTo(http);
    const sockets = new Sockets({
      ...live,
      responses,
      ingest,
      inventory: catalog,
      maxFrameBytes: settings.maxBodyBytes,
    });
    counters.streams = () => sockets.streams;
    await sockets.addTo(http);
    await this.#listen(http, sockets, responses);
    const mqtt = await startMqtt({
      ingest,
      inventory: catalog,
      metrics,
      log: this.#log,
      instance,
      settings,
      maxConnections,
    });
    this.#mqttUrl = mqtt.url;
    this.#stops.push(() => mqtt.stop());
    this.#stops.push(() => {
      ingest.stop();
      delivery.stopWaiting();
    });
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }

  async #startSpool(store: HistoryStore): Promise<SegmentedSpool> {
    const { dataDirectory, spoolMaxBytes, spoolKeepBytes } = this.#settings;
    const spool = new SegmentedSpool({
      directory: path.join(dataDirectory, 'spool'),
      maxBytes: spoolMaxBytes,
      keepBytes: spoolKeepBytes,
      onFailure: (reason) =>
        this.#log.error({ reason: reason.message }, 'the spool cannot be written; nothing is taken in'),
      onRecovery: () => this.#log.info({}, 'the spool can be written again'),
      onRemovalFailure: (reason) =>
        this.#log.error({ reason: reason.message }, 'a delivered segment of the spool cannot be removed'),
      onDamage: (range) => this.#log.error(range, 'readings in the spool are damaged; the others are kept'),
    });
    const { damagedHeaders, tornBytes } = await spool.start(await store.writer.deliveryState());
    this.#stops.push(() => spool.stop());
    for (const file of damagedHeaders)
      this.#log.error({ file }, "the header of the spool's file is damaged; its readings are kept");
    if (tornBytes > 0)
      this.#log.warn({ tornBytes }, 'an interrupted write was cut off; nobody was told that it was kept');
    return spool;
  }

  async #startCatalog(
    spool: SegmentedSpool,
    store: HistoryStore,
    readingTypes: ReadingType[],
  ): Promise<{ catalog: MemoryCatalog; keeper: CatalogKeeper }> {
    const catalog = new MemoryCatalog(systemClock, readingTypes);
    const file = path.join(this.#settings.dataDirectory, 'catalog', 'catalog.ndjson');
    const keeper = new CatalogKeeper({ catalog, spool, reader: store.reader, log: this.#log, file });
    await keeper.start();
    this.#stops.push(() => keeper.stop());
    return { catalog, keeper };
  }

  async #startDelivery(
    spool: SegmentedSpool,
    store: HistoryStore,
  ): Promise<{ delivery: Delivery; quarantine: FileQuarantine }> {
    const quarantine = new FileQuarantine(path.join(this.#settings.dataDirectory, 'quarantine'), this.#log);
    await quarantine.start();
    this.#stops.push(() => quarantine.stop());
    const { writer } = store;
    const delivery = new Delivery({ spool, writer, quarantine, clock: systemClock, log: this.#log });
    delivery.start();
    this.#stops.push(() => delivery.stop());
    if (this.#settings.retentionMs > 0) {
      const retention = new Retention({ writer, clock: systemClock, log: this.#log }, this.#settings.retentionMs);
      retention.start();
      this.#stops.push(() => retention.stop());
    }
    return { delivery, quarantine };
  }

  async #listen(http: FastifyInstance, sockets: Sockets, responses: LiveResponses): Promise<void> {
    const { host, port } = this.#settings;
    this.#url = await http.listen({ host, port });
    this.#stops.push(() => stopServing(http, sockets, responses));
  }
}

/** Accepts nobody any more. Requests under way may finish; what hangs is cut, so that all the rest can stop in good order. */
async function stopServing(http: FastifyInstance, sockets: Sockets, responses: LiveResponses): Promise<void> {
  const cut = setTimeout(() => http.server.closeAllConnections(), requestGraceMs);
  const closed = http.close();
  responses.stop();
  await Promise.all([closed, sockets.stop()]);
  clearTimeout(cut);
}

function openStore({ store, dataDirectory, influx }: Readonly<Settings>): HistoryStore {
  switch (store) {
    case 'duckdb':
      return new DuckDbStore({ directory: path.join(dataDirectory, 'duckdb') });
    case 'influxdb':
      return new InfluxStore({ ...influx, timeoutMs: storeTimeoutMs });
  }
}

function readTypes(directory: string): ReadingType[] {
  try {
    return loadReadingTypes(directory);
  } catch (error) {
    throw new SettingError(
      `INLET_SCHEMA_DIR: ${(error as Error).message}; expected a directory of TYPE.schema.json files`,
    );
  }
}
