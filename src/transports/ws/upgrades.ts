/**
 * How a request becomes a WebSocket. It goes through hooks and routes like any other, so that what is refused is refused
 * there, and a route that wants it takes its connection over. From then on nothing of the request is held: Fastify's
 * request and reply, and Node's beneath them, would make an idle connection half as large again.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { Refusal } from '../../domain/refusal.js';
import { refuseRaw } from '../http/client-error.js';

/** The one that is understood to say more comes first. */
const subprotocols = ['inlet.v1.senml+cbor', 'inlet.v1'];
/** A frame in more pieces than this is no frame that a device makes: each piece costs far more than its bytes. */
const maxFragments = 1_024;
/** How long the other side may take to answer a close frame; then the connection is cut. */
const closeGrace = { closeTimeout: 5_000 };

export class Upgrades {
  readonly #server: WebSocketServer;
  /** What has arrived behind the handshake, of requests that no route has taken yet. */
  readonly #heads = new WeakMap<IncomingMessage, Buffer>();

  constructor(maxFrameBytes: number) {
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: maxFrameBytes,
      maxFragments,
      ...closeGrace,
      // Deflating would cost 28 KB a connection against 8.
      perMessageDeflate: false,
      handleProtocols: (offered) => subprotocols.find((one) => offered.has(one)) ?? false,
    });
    this.#server.on('wsClientError', (error, socket) => {
      const headers = ['sec-websocket-version: 13'];
      refuseRaw(socket as Socket, new Refusal('malformed', `no WebSocket handshake: ${error.message}`), headers);
    });
  }

  addTo(app: FastifyInstance): void {
    app.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.on('error', ignore);
      // Node reads no body behind these headers, so a request that has one cannot be answered.
      if (request.method !== 'GET') {
        refuseRaw(socket, new Refusal('malformed', 'only GET becomes a WebSocket; send this without Upgrade'));
        return;
      }
      this.#heads.set(request, head);
      const response = new ServerResponse(request);
      response.shouldKeepAlive = false;
      response.once('finish', () => socket.destroySoon());
      response.assignSocket(socket);
      app.routing(request, response);
    });
  }

  isAsked({ raw }: FastifyRequest): boolean {
    return this.#heads.has(raw) && raw.headers.upgrade?.toLowerCase() === 'websocket';
  }

  /** @returns whether the request asks for a WebSocket; `then` gets it, unless its handshake is none */
  take(request: FastifyRequest, reply: FastifyReply, then: (socket: WebSocket) => void): boolean {
    if (!this.isAsked(request)) return false;
    const { raw } = request;
    const head = this.#heads.get(raw)!;
    reply.hijack();
    const { socket } = raw;
    reply.raw.detachSocket(socket);
    this.#server.handleUpgrade(raw, socket, head, then);
    socket.off('error', ignore);
    return true;
  }
}

/** An error of a connection ends in its 'close'. */
export function ignore(): void {
  // Whoever waits for the connection hears of its end.
}
