/**
 * The log as Fastify gets it. It asks for a child of the log for every request, which costs more than what is ever said of
 * most of them; what is said of one names its method and path instead.
 */
import type { FastifyBaseLogger } from 'fastify';

export function childlessLog(log: FastifyBaseLogger): FastifyBaseLogger {
  const childless = Object.create(log) as FastifyBaseLogger;
  childless.child = () => childless;
  return childless;
}
