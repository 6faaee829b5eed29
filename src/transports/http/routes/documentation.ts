/** /openapi.json, /asyncapi.json and /docs: what routes and channels say of themselves, for programs and for people. */
import type { FastifyInstance } from 'fastify';
import type { ServerName } from '../asyncapi/channel.js';
import { asyncApiDocument } from '../asyncapi/document.js';
import { brokerChannels, mqttChannels, mqttServers, type MqttAddresses } from '../asyncapi/mqtt.js';
import { liveChannel, streamChannel } from '../asyncapi/sockets.js';
import type { SharedSchemas } from '../openapi/components.js';
import { openApiDocument, type DescribedRoute, type OpenApiDocument } from '../openapi/document.js';
import { getAsyncApi, getDocs, getOpenApi } from '../openapi/operations.js';
import { documentationPage } from '../openapi/page.js';

const contentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";

export interface DocumentationRooms {
  schemas: SharedSchemas;
  mqtt: MqttAddresses;
  /** Of batches. */
  mediaTypes: readonly string[];
}

/** Adds the addresses, and listens to all that is added after: so it has to be called before the other routes. */
export function documentationRoutes(app: FastifyInstance, rooms: DocumentationRooms): void {
  const { schemas } = rooms;
  const routes: DescribedRoute[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.operation && typeof method === 'string' && method !== 'HEAD') {
      routes.push({ method, url, operation: config.operation });
    }
  });
  let document: OpenApiDocument | undefined;
  let text: string | undefined;
  const mqtt = mqttServers(rooms.mqtt);
  const servers = Object.keys(mqtt) as ServerName[];
  const channels = [
    streamChannel,
    liveChannel,
    ...(servers.length > 0 ? mqttChannels(servers, rooms.mediaTypes) : []),
    ...brokerChannels(rooms.mqtt),
  ];

  app.get('/openapi.json', { config: { operation: getOpenApi } }, async (_, reply) => {
    document ??= openApiDocument(routes, schemas);
    text ??= JSON.stringify(document);
    return reply.type('application/json; charset=utf-8').send(text);
  });
  app.get('/asyncapi.json', { config: { operation: getAsyncApi } }, async (request, reply) => {
    const { host, protocol } = new URL(originOf(request.protocol, request.host));
    const description = 'This service.';
    const websocket = { host, protocol: protocol === 'https:' ? 'wss' : 'ws', description } as const;
    return reply
      .type('application/json; charset=utf-8')
      .send(JSON.stringify(asyncApiDocument(channels, { websocket, ...mqtt }, schemas)));
  });
  app.get('/docs', { config: { operation: getDocs } }, async (request, reply) => {
    document ??= openApiDocument(routes, schemas);
    void reply.header('content-security-policy', contentSecurityPolicy).header('x-content-type-options', 'nosniff');
    return reply
      .type('text/html; charset=utf-8')
      .send(documentationPage(document, channels, originOf(request.protocol, request.host)));
  });
}

/** A Host header is a stranger's text: one that is no host does not get into an example. */
function originOf(protocol: string, host: string): string {
  return /^[\w.-]+(:\d{1,5})?$|^\[[0-9a-f:]+\](:\d{1,5})?$/i.test(host)
    ? `${protocol}://${host}`
    : 'http://127.0.0.1:8080';
}
