/** Refusals as HTTP answers: RFC 9457 problem+json, the same shape for every error that this service gives. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal, type RefusalCode } from '../../domain/refusal.js';
import { StoreAway } from '../../ports/history-store.js';
import { problemOf } from '../problem.js';

export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const retryAfter = retryAfterSeconds(refusal);
  if (retryAfter !== undefined) void reply.header('retry-after', retryAfter);
  return reply
    .code(refusal.status)
    .type('application/problem+json')
    .send(JSON.stringify(problemOf(refusal)));
}

/** The header's value, where trying again makes sense. */
export function retryAfterSeconds({ status, retryAfterMs = 1000 }: Refusal): string | undefined {
  return status === 429 || status === 503 ? String(Math.max(1, Math.ceil(retryAfterMs / 1000))) : undefined;
}

/** What Fastify itself refuses, in our words. */
const codesOfFastify: Record<string, [code: RefusalCode, detail: string]> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported_media_type',
    'the body has a media type that is not taken here; /docs lists those that are',
  ],
  FST_ERR_CTP_EMPTY_TYPE: ['unsupported_media_type', 'send a Content-Type, such as application/json'],
  FST_ERR_BAD_URL: ['malformed', 'the address could not be understood'],
};

/** @param methodsOf the methods that a path has */
export function handleProblems(app: FastifyInstance, methodsOf: (path: string) => string[]): void {
  app.setErrorHandler((error: FastifyError, request, reply) => sendRefusal(reply, refusalOf(error, request)));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    const methods = methodsOf(path);
    if (methods.length === 0 || methods.includes(request.method)) {
      return sendRefusal(reply, new Refusal('not_found', `there is nothing at ${request.method} ${path}`));
    }
    void reply.header('allow', methods.join(', '));
    if (request.method === 'OPTIONS') return reply.code(204).send();
    return sendRefusal(reply, new Refusal('method_not_allowed', `${path} has ${methods.join(', ')} only`));
  });
}

export function refusalOf(error: FastifyError, request: FastifyRequest): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof StoreAway) return new Refusal('store_away', error.message, 5000);
  const known = codesOfFastify[error.code];
  if (known) return new Refusal(...known);
  if (error.validation) return new Refusal('invalid_parameter', error.message);
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new Refusal('malformed', error.message);
  }
  request.log.error({ err: error }, 'a request failed');
  return new Refusal('internal', 'the log of the service says more');
}
