/** The HTTP server: what every request goes through, and the list of what it answers. */
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { HistoryReader } from '../../ports/history-store.js';
import type { DeviceRemoval } from '../../pipeline/device-removal.js';
import type { Delivery } from '../../pipeline/delivery.js';
import type { Ingest } from '../../pipeline/ingest.js';
import { lineMediaType } from '../../pipeline/line-intake.js';
import type { Inventory, ReadingType } from '../../ports/catalog.js';
import type { Clock } from '../../ports/clock.js';
import type { Quarantine } from '../../ports/quarantine.js';
import type { Replay } from '../../pipeline/replay.js';
import type { Operations } from '../../ports/operations.js';
import type { ParquetWriter } from '../../ports/parquet.js';
import type { Metrics } from './metrics.js';
import type { MqttAddresses } from './asyncapi/mqtt.js';
import { takeBodies } from './body.js';
import { answerClientError } from './client-error.js';
import { limitConnections } from './connection-limit.js';
import { takeEndlessBodies } from './endless-body.js';
import type { SharedSchemas } from './openapi/components.js';
import { watchMethods } from './methods.js';
import { watchOrigins } from './origin.js';
import { handleProblems, refusalOf, sendRefusal } from './problem.js';
import { checkRoutes } from './routes/check.js';
import { dashboardRoutes } from './routes/dashboard.js';
import { documentationRoutes } from './routes/documentation.js';
import { historyRoutes } from './routes/history.js';
import { influxRoutes } from './routes/influx.js';
import { inventoryRoutes } from './routes/inventory.js';
import { operationRoutes } from './routes/operations.js';
import { quarantineRoutes } from './routes/quarantine.js';
import { readingRoutes } from './routes/readings.js';
import { tagRoutes } from './routes/tags.js';

export interface HttpRooms {
  ingest: Ingest;
  delivery: Delivery;
  inventory: Inventory;
  readingTypes: ReadingType[];
  reader: HistoryReader;
  operations: Operations;
  quarantine: Quarantine;
  replay: Replay;
  removal: DeviceRemoval;
  metrics: Metrics;
  parquet: ParquetWriter;
  clock: Clock;
  log: FastifyBaseLogger;
  maxBodyBytes: number;
  maxConnections: number;
  /** Origins of browsers beside the service's own. */
  allowedOrigins: readonly string[];
  schemas: SharedSchemas;
  /** Where MQTT is, as far as it is. */
  mqtt: MqttAddresses;
  /** Built files of the dashboard. */
  dashboardDirectory: string;
}

/** A client that sends nothing for so long is not a client. */
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 120_000;
/** How often it is looked for such clients. */
const checkTimeoutsEveryMs = 2_000;

export async function createHttpServer(rooms: HttpRooms): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: rooms.log,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: requestTimeoutMs,
    http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: checkTimeoutsEveryMs },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => void sendRefusal(reply, refusalOf(error, request)),
    forceCloseConnections: 'idle',
    // The pipeline says that it is stopping, in the form that all refusals have.
    return503OnClosing: false,
    // Names of devices and types may be 128 characters.
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: false },
  });
  const methodsOf = watchMethods(app);
  handleProblems(app, methodsOf);
  limitConnections(app, rooms.maxConnections);
  watchOrigins(app, rooms.allowedOrigins, methodsOf);
  app.removeAllContentTypeParsers();
  const wholeTypes = rooms.ingest.mediaTypes.filter((mediaType) => mediaType !== lineMediaType);
  takeBodies(app, wholeTypes, rooms.maxBodyBytes);
  takeEndlessBodies(app, lineMediaType);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  // With a callback: a promise for each request would cost more than the observation.
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    rooms.metrics.request(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
    done();
  });

  documentationRoutes(app, { ...rooms, mediaTypes: rooms.ingest.mediaTypes });
  readingRoutes(app, rooms);
  await influxRoutes(app, rooms);
  checkRoutes(app, rooms);
  inventoryRoutes(app, rooms);
  tagRoutes(app, rooms);
  historyRoutes(app, rooms);
  quarantineRoutes(app, rooms);
  operationRoutes(app, rooms);
  await dashboardRoutes(app, rooms.dashboardDirectory);
  return app;
}
