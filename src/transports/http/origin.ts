/**
 * Pages of other sites. A browser sends what any page asks for, says in `Origin` whose page that is, and shows the page
 * the answer only where the answer allows it (CORS, Fetch Standard §3.2). Its own pages and those that the operator
 * allows may read and write; others may not even write, nor open a socket. What is no browser sends no Origin.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../domain/refusal.js';
import { sendRefusal } from './problem.js';

/** What a page may send, beside what needs no leave. */
const requestHeaders = 'accept, authorization, content-encoding, content-type, if-none-match, last-event-id';
/** What a page may read of an answer, beside what needs no leave. */
const answerHeaders = 'allow, content-disposition, etag, retry-after';
/** How long a browser may keep leave before it asks again; the longest that any keeps it is a day. */
const preflightSeconds = 600;

/** Methods that change nothing: their answers are kept from foreign pages by the browser. */
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

export function refuseForeignOrigin(request: FastifyRequest, allowed: readonly string[]): Refusal | undefined {
  const { origin, host } = request.headers;
  if (origin === undefined || allowed.includes(origin)) return undefined;
  if (host !== undefined && originHost(origin) === host) return undefined;
  return new Refusal('forbidden', 'pages of this origin may not do this; INLET_ALLOWED_ORIGINS lists those that may');
}

/**
 * Add it before anything that asks who somebody is: a preflight has no credentials.
 * @param methodsOf the methods that a path has
 */
export function watchOrigins(
  app: FastifyInstance,
  allowed: readonly string[],
  methodsOf: (path: string) => string[],
): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    const isSafe = safeMethods.has(request.method);
    // An answer that was kept for one origin must not be given to another.
    if (isSafe && allowed.length > 0) reply.raw.setHeader('vary', 'origin');
    if (origin === undefined) return done();
    const refusal = isSafe ? undefined : refuseForeignOrigin(request, allowed);
    if (refusal) return void sendRefusal(reply, refusal);
    if (!allowed.includes(origin)) return done();
    // Raw, so that answers that are written without Fastify have them too.
    reply.raw.setHeader('access-control-allow-origin', origin);
    reply.raw.setHeader('access-control-expose-headers', answerHeaders);
    if (!isPreflight(request)) return done();
    answerPreflight(reply, methodsOf(request.url.split('?', 1)[0]!));
  });
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

function answerPreflight(reply: FastifyReply, methods: readonly string[]): void {
  void reply
    .code(204)
    .header('access-control-allow-methods', methods.join(', '))
    .header('access-control-allow-headers', requestHeaders)
    .header('access-control-max-age', String(preflightSeconds))
    .send();
}

function originHost(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}
