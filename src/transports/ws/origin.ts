/**
 * Cross-site WebSocket hijacking: a browser opens a socket for any page that asks, and tells whose page it is. Only the
 * service's own origin and those that the operator allows may connect. What is no browser sends no Origin.
 */
import type { FastifyRequest } from 'fastify';
import { Refusal } from '../../domain/refusal.js';

export function refuseForeignOrigin(request: FastifyRequest, allowed: readonly string[]): Refusal | undefined {
  const { origin, host } = request.headers;
  if (origin === undefined || allowed.includes(origin)) return undefined;
  if (host !== undefined && originHost(origin) === host) return undefined;
  return new Refusal('forbidden', 'pages of this origin may not connect; INLET_ALLOWED_ORIGINS lists those that may');
}

function originHost(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}
