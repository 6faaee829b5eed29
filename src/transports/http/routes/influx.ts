/** What clients of InfluxDB and Telegraf write to: line protocol in, 204 out once it is durable. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Precision } from '../../../domain/reading.js';
import { Refusal } from '../../../domain/refusal.js';
import type { Ingest } from '../../../pipeline/ingest.js';
import type { Operations } from '../../../ports/operations.js';
import { takeBodies } from '../body.js';
import { sendInfluxRefusal, sendPartialWrite } from '../influx-error.js';
import { getInfluxHealth, getPing, writeV1, writeV2 } from '../openapi/influx.js';
import { refusalOf } from '../problem.js';

interface Unit {
  precision: Precision;
  timeFactor: number;
}

const units = new Map<string, Unit>([
  ['ns', { precision: 'ns', timeFactor: 1 }],
  ['us', { precision: 'us', timeFactor: 1 }],
  ['ms', { precision: 'ms', timeFactor: 1 }],
  ['s', { precision: 's', timeFactor: 1 }],
]);
/** InfluxDB 1 has these as well. */
const unitsOfV1 = new Map<string, Unit>([
  ...units,
  ['n', { precision: 'ns', timeFactor: 1 }],
  ['u', { precision: 'us', timeFactor: 1 }],
  ['µ', { precision: 'us', timeFactor: 1 }],
  ['m', { precision: 's', timeFactor: 60 }],
  ['h', { precision: 's', timeFactor: 3600 }],
]);

interface WriteRequest {
  Querystring: { precision?: string };
  Body: Buffer | undefined;
}

export interface InfluxRooms {
  ingest: Ingest;
  operations: Operations;
  maxBodyBytes: number;
}

export async function influxRoutes(app: FastifyInstance, rooms: InfluxRooms): Promise<void> {
  const { ingest, operations, maxBodyBytes } = rooms;
  await app.register(async (scope) => {
    // Whatever they call it, it is line protocol.
    scope.removeAllContentTypeParsers();
    takeBodies(scope, '*', maxBodyBytes);
    scope.setErrorHandler((error: FastifyError, request, reply) => sendInfluxRefusal(reply, refusalOf(error, request)));
    scope.post<WriteRequest>('/api/v2/write', { config: { operation: writeV2 } }, (request, reply) =>
      write(ingest, units, request, reply),
    );
    scope.post<WriteRequest>('/write', { config: { operation: writeV1 } }, (request, reply) =>
      write(ingest, unitsOfV1, request, reply),
    );
  });
  app.get('/ping', { config: { operation: getPing } }, async (_, reply) => {
    // Clients of InfluxDB 1 ask for the version here, and are content with any.
    return reply.code(204).header('x-influxdb-build', 'Inlet').header('x-influxdb-version', 'inlet').send();
  });
  app.get('/health', { config: { operation: getInfluxHealth } }, async (_, reply) => {
    const reason = operations.unready();
    if (reason === undefined) return { name: 'inlet', message: 'ready for writes', status: 'pass', checks: [] };
    return reply.code(503).send({ name: 'inlet', message: reason, status: 'fail', checks: [] });
  });
}

async function write(
  ingest: Ingest,
  known: ReadonlyMap<string, Unit>,
  { query, body = Buffer.alloc(0) }: FastifyRequest<WriteRequest>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { precision = 'ns' } = query;
  const unit = known.get(precision === '' ? 'ns' : precision);
  if (!unit) {
    const expected = [...known.keys()].join(', ');
    return sendInfluxRefusal(reply, new Refusal('malformed', `invalid precision; valid ones are ${expected}`));
  }
  const batch = ingest.decode(body, { mediaType: 'text/plain', ...unit, numbered: false });
  const outcome = batch instanceof Refusal ? batch : await ingest.accept(batch, body.length);
  if (batch instanceof Refusal || outcome instanceof Refusal) return sendInfluxRefusal(reply, outcome as Refusal);
  return outcome.receipt.rejected > 0 ? sendPartialWrite(reply, batch, outcome.receipt) : reply.code(204).send();
}
