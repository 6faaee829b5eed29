/** /openapi.json and /docs: what the routes say of themselves, for programs and for people. */
import type { FastifyInstance } from 'fastify';
import type { SharedSchemas } from '../openapi/components.js';
import { openApiDocument, type DescribedRoute, type OpenApiDocument } from '../openapi/document.js';
import { getDocs, getOpenApi } from '../openapi/operations.js';
import { documentationPage } from '../openapi/page.js';

const contentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";

/** Adds the addresses, and listens to all that is added after: so it has to be called before the other routes. */
export function documentationRoutes(app: FastifyInstance, schemas: SharedSchemas): void {
  const routes: DescribedRoute[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.operation && typeof method === 'string' && method !== 'HEAD') {
      routes.push({ method, url, operation: config.operation });
    }
  });
  let document: OpenApiDocument | undefined;
  let text: string | undefined;

  app.get('/openapi.json', { config: { operation: getOpenApi } }, async (_, reply) => {
    document ??= openApiDocument(routes, schemas);
    text ??= JSON.stringify(document);
    return reply.type('application/json; charset=utf-8').send(text);
  });
  app.get('/docs', { config: { operation: getDocs } }, async (request, reply) => {
    document ??= openApiDocument(routes, schemas);
    void reply.header('content-security-policy', contentSecurityPolicy).header('x-content-type-options', 'nosniff');
    return reply
      .type('text/html; charset=utf-8')
      .send(documentationPage(document, originOf(request.protocol, request.host)));
  });
}

/** A Host header is a stranger's text: one that is no host does not get into an example. */
function originOf(protocol: string, host: string): string {
  return /^[\w.-]+(:\d{1,5})?$|^\[[0-9a-f:]+\](:\d{1,5})?$/i.test(host)
    ? `${protocol}://${host}`
    : 'http://127.0.0.1:8080';
}
