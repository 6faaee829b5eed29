/** POST /v1/schemas/:type/check: the receipt that a batch would get, without keeping anything of it. */
import type { FastifyInstance } from 'fastify';
import { isPrecision } from '../../../domain/reading.js';
import { Refusal } from '../../../domain/refusal.js';
import type { Ingest } from '../../../pipeline/ingest.js';
import type { ReadingType } from '../../../ports/catalog.js';
import { EndlessBody } from '../endless-body.js';
import { checkBatch } from '../openapi/readings.js';
import { sendRefusal } from '../problem.js';

interface CheckRequest {
  Params: { type: string };
  Querystring: { precision?: string };
  Body: Buffer | EndlessBody | undefined;
}

export function checkRoutes(app: FastifyInstance, rooms: { ingest: Ingest; readingTypes: ReadingType[] }): void {
  const { ingest, readingTypes } = rooms;
  app.post<CheckRequest>('/v1/schemas/:type/check', { config: { operation: checkBatch } }, async (request, reply) => {
    const { type } = request.params;
    const { precision } = request.query;
    if (!readingTypes.some(({ name }) => name === type)) {
      return sendRefusal(reply, new Refusal('not_found', 'there is no schema for this type'));
    }
    if (precision !== undefined && !isPrecision(precision)) {
      return sendRefusal(reply, new Refusal('malformed', 'precision must be one of s, ms, us, ns'));
    }
    if (request.body === undefined) return sendRefusal(reply, new Refusal('empty_batch', 'the body is empty'));
    if (request.body instanceof EndlessBody) {
      return sendRefusal(reply, new Refusal('unsupported_media_type', 'a body without an end cannot be tried out'));
    }
    const mediaType = request.headers['content-type'] ?? '';
    const batch = ingest.decode(request.body, { mediaType, precision, numbered: false });
    if (batch instanceof Refusal) return sendRefusal(reply, batch);
    batch.type ??= type;
    return ingest.check(batch);
  });
}
