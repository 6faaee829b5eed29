/** POST /v1/readings: a batch in, a receipt out once the accepted readings are durable. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isPrecision } from '../../../domain/reading.js';
import { Refusal } from '../../../domain/refusal.js';
import type { Delivery } from '../../../pipeline/delivery.js';
import type { Accepted, Encoding } from '../../../pipeline/batch-taker.js';
import type { Ingest } from '../../../pipeline/ingest.js';
import { postReadings } from '../openapi/readings.js';
import { sendRefusal } from '../problem.js';
import { refuseBody, takeBody, type Body } from '../take-body.js';

interface Query {
  precision?: string;
  type?: string;
  ack?: string;
  timeout?: string;
}

const defaultTimeoutSeconds = 5;
const longestTimeoutSeconds = 30;

export interface ReadingRooms {
  ingest: Ingest;
  delivery: Delivery;
  maxBodyBytes: number;
}

export function readingRoutes(app: FastifyInstance, { ingest, delivery, maxBodyBytes }: ReadingRooms): void {
  app.post<{ Querystring: Query; Body: Body }>(
    '/v1/readings',
    { config: { operation: postReadings } },
    (request, reply) => {
      const options = readOptions(request);
      if (options instanceof Refusal) return sendRefusal(reply, options);
      const { body } = request;
      const taken = takeBody(body, ingest, options.encoding, maxBodyBytes);
      // Bytes of a whole body are needed no more while the readings wait to be durable.
      if (Buffer.isBuffer(body)) request.body = undefined;
      return answer(taken, request, reply, options);
    },
  );

  async function answer(
    taken: Promise<Accepted | Refusal>,
    request: FastifyRequest<{ Body: Body }>,
    reply: FastifyReply,
    { timeoutMs }: Options,
  ): Promise<FastifyReply> {
    const outcome = await taken;
    if (outcome instanceof Refusal) return refuseBody(reply, request.body, outcome);
    if (timeoutMs !== undefined && outcome.receipt.accepted > 0) {
      outcome.receipt.stored = await delivery.untilStored(outcome.end, timeoutMs);
    }
    return sendReceipt(reply, outcome);
  }
}

function sendReceipt(reply: FastifyReply, { receipt }: Accepted): FastifyReply {
  const { accepted, rejected, stored } = receipt;
  const status = accepted === 0 ? 422 : rejected > 0 ? 207 : stored === true ? 200 : 202;
  // A string is sent as it is: Fastify's own way to JSON costs a tenth of a small request.
  return reply.code(status).header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(receipt));
}

interface Options {
  encoding: Encoding;
  /** There when the answer is to wait for the store. */
  timeoutMs?: number;
}

function readOptions({ query, headers }: FastifyRequest<{ Querystring: Query }>): Options | Refusal {
  const { precision, type, ack, timeout } = query;
  if (precision !== undefined && !isPrecision(precision)) {
    return new Refusal('malformed', 'precision must be one of s, ms, us, ns');
  }
  const encoding = { mediaType: headers['content-type'] ?? '', precision, type, numbered: false };
  if (ack === undefined) return { encoding };
  if (ack !== 'store') return new Refusal('invalid_parameter', 'ack: the only value is "store"');
  const seconds = timeout === undefined ? defaultTimeoutSeconds : Number(timeout);
  if (!(seconds >= 0) || timeout === '')
    return new Refusal('invalid_parameter', 'timeout: must be a number of seconds');
  return { encoding, timeoutMs: Math.min(seconds, longestTimeoutSeconds) * 1000 };
}
