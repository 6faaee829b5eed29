/** GET /v1/tags and /v1/tags/:key: what there is to filter and to group by, from memory. */
import type { FastifyInstance } from 'fastify';
import { Refusal } from '../../../domain/refusal.js';
import type { Inventory } from '../../../ports/catalog.js';
import { getTagValues, listTags } from '../openapi/tags.js';
import { cursorBehind, readPage } from './page.js';

interface PageQuery {
  limit?: string;
  cursor?: string;
}

export function tagRoutes(app: FastifyInstance, { inventory }: { inventory: Inventory }): void {
  app.get('/v1/tags', { config: { operation: listTags } }, async () => ({ tags: inventory.tagKeys() }));

  app.get<{ Params: { key: string }; Querystring: PageQuery }>(
    '/v1/tags/:key',
    { config: { operation: getTagValues } },
    async (request) => {
      const { count, after } = readPage(request.query.limit, request.query.cursor);
      const found = inventory.tagValues(request.params.key, after, count + 1);
      if (!found) throw new Refusal('not_found', 'no series has this tag');
      const values = found.slice(0, count);
      return { values, next: found.length > count ? cursorBehind(values.at(-1)!) : null };
    },
  );
}
