/** For operators: whether it lives, whether it takes readings, what became of them. */
import type { FastifyInstance } from 'fastify';
import type { Operations } from '../../../ports/operations.js';
import type { Metrics } from '../metrics.js';
import { getHealth, getMetrics, getReadiness, getStats } from '../openapi/operations.js';

export function operationRoutes(app: FastifyInstance, rooms: { operations: Operations; metrics: Metrics }): void {
  const { operations, metrics } = rooms;
  app.get('/healthz', { config: { operation: getHealth } }, async () => ({ status: 'ok' }));
  app.get('/readyz', { config: { operation: getReadiness } }, async (_, reply) => {
    const reason = operations.unready();
    const { bus } = operations.stats();
    if (reason === undefined) return { status: 'ready', ...(bus && { bus: bus.connected ? 'connected' : 'away' }) };
    return reply.code(503).header('retry-after', '1').send({ status: 'unready', reason });
  });
  app.get('/v1/stats', { config: { operation: getStats } }, async (_, reply) => {
    void reply.header('cache-control', 'no-store');
    return operations.stats();
  });
  app.get('/metrics', { config: { operation: getMetrics } }, async (_, reply) => {
    void reply.type(metrics.contentType);
    return metrics.text();
  });
}
