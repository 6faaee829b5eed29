/** GET /v1/history: what the planner answers, with what a cache may do with it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { Refusal } from '../../../domain/refusal.js';
import { answerHistory } from '../../../history/json-answer.js';
import { readHistoryQuery } from '../../../history/parameters.js';
import type { Inventory } from '../../../ports/catalog.js';
import type { Clock } from '../../../ports/clock.js';
import type { HistoryReader } from '../../../ports/history-store.js';
import type { ParquetWriter } from '../../../ports/parquet.js';
import { formatFor } from '../accept.js';
import { HistoryExports } from '../history-export.js';
import { getHistory } from '../openapi/history.js';

export interface HistoryRooms {
  reader: HistoryReader;
  inventory: Inventory;
  clock: Clock;
  parquet: ParquetWriter;
}

export function historyRoutes(app: FastifyInstance, rooms: HistoryRooms): void {
  const { reader, inventory, clock } = rooms;
  const exports = new HistoryExports(rooms);
  app.get<{ Querystring: Record<string, unknown> }>(
    '/v1/history',
    { config: { operation: getHistory } },
    async (request, reply) => {
      const parameters = singleValues(request.query);
      const query = readHistoryQuery(parameters, { now: clock.now(), types: inventory.types() });
      const format = query.format ?? formatFor(request.headers.accept);
      void reply.header('vary', 'accept, origin');
      if (format !== 'json') return exports.send(request, reply, query, format);
      const text = JSON.stringify(await answerHistory(query, reader));
      // Late readings may change the past, so a cache has to ask each time; what touches now changes while it is read.
      void reply.header('cache-control', query.touchesNow ? 'no-store' : 'private, no-cache');
      return sendTagged(request, reply, text);
    },
  );
}

function sendTagged(request: FastifyRequest, reply: FastifyReply, text: string): FastifyReply {
  const tag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
  void reply.header('etag', tag);
  const known = request.headers['if-none-match']?.split(',').map((one) => one.trim().replace(/^W\//, ''));
  if (known?.includes(tag) || known?.includes('*')) return reply.code(304).send();
  return reply.type('application/json; charset=utf-8').send(text);
}

function singleValues(query: Record<string, unknown>): Record<string, string> {
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== 'string') throw new Refusal('invalid_parameter', `${name}: is given more than once`);
  }
  return query as Record<string, string>;
}
