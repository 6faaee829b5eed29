/** The quarantine, to be looked through, replayed, exported and emptied. */
import type { FastifyInstance } from 'fastify';
import { Readable } from 'node:stream';
import { Refusal } from '../../../domain/refusal.js';
import { readingOfLine } from '../../../pipeline/part.js';
import type { Replay } from '../../../pipeline/replay.js';
import { discardQuarantined, listQuarantine, listQuarantineReasons, replayQuarantine } from '../openapi/quarantine.js';
import type { Quarantine, QuarantineEntry } from '../../../ports/quarantine.js';

const defaultLimit = 100;
const largestLimit = 10_000;
const maxIds = 10_000;

interface ListQuery {
  limit?: string;
  cursor?: string;
  reason?: string;
  format?: string;
}

export function quarantineRoutes(
  app: FastifyInstance,
  { quarantine, replay }: { quarantine: Quarantine; replay: Replay },
): void {
  app.get<{ Querystring: ListQuery }>(
    '/v1/quarantine',
    { config: { operation: listQuarantine } },
    async (request, reply) => {
      const { reason, format } = request.query;
      if (format === 'ndjson' || (format === undefined && request.headers.accept === 'application/x-ndjson')) {
        void reply
          .type('application/x-ndjson')
          .header('content-disposition', 'attachment; filename="quarantine.ndjson"');
        return reply.send(Readable.from(ndjson(quarantine, reason)));
      }
      if (format !== undefined && format !== 'json')
        throw new Refusal('invalid_parameter', 'format: must be json or ndjson');
      const limit = readLimit(request.query.limit);
      const found = quarantine.list({ after: readCursor(request.query.cursor), limit: limit + 1, reason });
      const page = found.slice(0, limit);
      return { entries: page.map(shown), next: found.length > limit ? String(page.at(-1)!.id) : null };
    },
  );

  app.get('/v1/quarantine/reasons', { config: { operation: listQuarantineReasons } }, async () => ({
    reasons: quarantine.reasons(),
  }));

  app.post<{ Body: Buffer | undefined }>(
    '/v1/quarantine/replay',
    { config: { operation: replayQuarantine } },
    async (request) => replay.run(readIds(request.body)),
  );

  app.delete<{ Params: { id: string } }>(
    '/v1/quarantine/:id',
    { config: { operation: discardQuarantined } },
    async (request, reply) => {
      const removed = /^\d{1,16}$/.test(request.params.id)
        ? await quarantine.remove([Number(request.params.id)], 'discarded')
        : 0;
      if (removed === 0) throw new Refusal('not_found', 'there is no such entry in quarantine');
      return reply.code(204).send();
    },
  );
}

function shown({ id, at, reason, line }: QuarantineEntry) {
  return { id, at, reason, reading: line === null ? null : readingOfLine(line) };
}

function* ndjson(quarantine: Quarantine, reason: string | undefined): Iterable<string> {
  for (let after: number | null = null; ;) {
    const page = quarantine.list({ after, limit: largestLimit, reason });
    for (const entry of page) yield `${JSON.stringify(shown(entry))}\n`;
    if (page.length < largestLimit) return;
    after = page.at(-1)!.id;
  }
}

function readLimit(text: string | undefined): number {
  const limit = text === undefined ? defaultLimit : Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= largestLimit) return limit;
  throw new Refusal('invalid_parameter', `limit: must be an integer from 1 to ${largestLimit}`);
}

function readCursor(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{1,16}$/.test(text)) return Number(text);
  throw new Refusal('invalid_cursor', 'cursor: is not one of ours');
}

/** @returns undefined for all */
function readIds(body: Buffer | undefined): number[] | undefined {
  if (body === undefined || body.length === 0) return undefined;
  const wrong = new Refusal('malformed', `the body is empty, for all, or {"ids":[…]} with up to ${maxIds} ids`);
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw wrong;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong;
  const { ids, ...rest } = value as { ids?: unknown };
  if (Object.keys(rest).length > 0) throw wrong;
  if (ids === undefined) return undefined;
  if (!Array.isArray(ids) || ids.length > maxIds || !ids.every(Number.isSafeInteger)) throw wrong;
  return ids as number[];
}
