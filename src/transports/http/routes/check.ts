/** POST /v1/schemas/:type/check: the receipt that a batch would get, without keeping anything of it. */
import type { FastifyInstance } from 'fastify';
import { isPrecision } from '../../../domain/reading.js';
import { Refusal } from '../../../domain/refusal.js';
import type { Ingest } from '../../../pipeline/ingest.js';
import type { ReadingType } from '../../../ports/catalog.js';
import { checkBatch } from '../openapi/readings.js';
import { sendRefusal } from '../problem.js';
import { refuseBody, takeBody, type Body } from '../take-body.js';

interface CheckRequest {
  Params: { type: string };
  Querystring: { precision?: string };
  Body: Body;
}

export interface CheckRooms {
  ingest: Ingest;
  readingTypes: ReadingType[];
  maxBodyBytes: number;
}

export function checkRoutes(app: FastifyInstance, { ingest, readingTypes, maxBodyBytes }: CheckRooms): void {
  app.post<CheckRequest>('/v1/schemas/:type/check', { config: { operation: checkBatch } }, async (request, reply) => {
    const { type } = request.params;
    const { precision } = request.query;
    if (!readingTypes.some(({ name }) => name === type)) {
      return sendRefusal(reply, new Refusal('not_found', 'there is no schema for this type'));
    }
    if (precision !== undefined && !isPrecision(precision)) {
      return sendRefusal(reply, new Refusal('malformed', 'precision must be one of s, ms, us, ns'));
    }
    const encoding = { mediaType: request.headers['content-type'] ?? '', precision, numbered: false };
    const outcome = await takeBody(request.body, ingest.trial(type), encoding, maxBodyBytes);
    return outcome instanceof Refusal ? refuseBody(reply, request.body, outcome) : outcome.receipt;
  });
}
