/** The WebSocket addresses: who may connect, what becomes of a connection, and how all of them end. */
import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type { SubscriptionFilter as Filter } from '../../domain/generated/live-frames.js';
import { Refusal } from '../../domain/refusal.js';
import type { Ingest } from '../../pipeline/ingest.js';
import type { Inventory } from '../../ports/catalog.js';
import type { Clock } from '../../ports/clock.js';
import type { LiveFeed } from '../../ports/feed.js';
import type { LiveCommands } from '../../domain/live-command.js';
import { openLive, openStream } from '../http/openapi/sockets.js';
import { refuseForeignOrigin } from '../http/origin.js';
import { sendRefusal } from '../http/problem.js';
import type { Metrics, SocketKind } from '../http/metrics.js';
import { closeCodes } from './close-codes.js';
import { filterOfQuery } from './filter-query.js';
import { Heartbeat } from './heartbeat.js';
import { LiveConnection } from './live.js';
import { StreamConnection } from './stream.js';

export interface SocketRooms {
  ingest: Ingest;
  inventory: Inventory;
  feed: LiveFeed;
  commands: LiveCommands;
  clock: Clock;
  metrics: Metrics;
  maxFrameBytes: number;
  allowedOrigins: readonly string[];
}

const subprotocol = 'inlet.v1';
/** Messages that a closing socket may still read and send. */
const closeGraceMs = 2_000;

export class Sockets {
  readonly #rooms: SocketRooms;
  readonly #heartbeat = new Heartbeat();
  #isStopping = false;
  readonly #open = { stream: new Set<WebSocket>(), live: new Set<WebSocket>() };

  constructor(rooms: SocketRooms) {
    this.#rooms = rooms;
  }

  get streams(): number {
    return this.#open.stream.size;
  }

  /** Adds the addresses to a server that does not listen yet. */
  async addTo(app: FastifyInstance): Promise<void> {
    const { maxFrameBytes, allowedOrigins } = this.#rooms;
    await app.register(websocket, {
      options: {
        maxPayload: maxFrameBytes,
        // Deflating would cost 28 KB a connection against 8.
        perMessageDeflate: false,
        handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
      },
      // Sockets are closed by `stop`, with a code that says to come back.
      preClose: (done) => done(),
    });
    await app.register(async (scope) => {
      scope.addHook('onRequest', async (request, reply) => {
        const refusal = refuseForeignOrigin(request, allowedOrigins);
        if (refusal) return sendRefusal(reply, refusal);
      });
      this.#addStream(scope);
      this.#addLive(scope);
    });
    this.#heartbeat.start();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#heartbeat.stop();
    await Promise.all([...this.#open.stream, ...this.#open.live].map((socket) => this.#sendAway(socket)));
  }

  async #sendAway(socket: WebSocket): Promise<void> {
    const cut = setTimeout(() => socket.terminate(), closeGraceMs);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.close(closeCodes.restart, 'the service restarts');
    await closed;
    clearTimeout(cut);
  }

  #addStream(app: FastifyInstance): void {
    const { ingest, inventory, clock, maxFrameBytes, metrics } = this.#rooms;
    app.route({
      method: 'GET',
      url: '/v1/stream',
      config: { operation: openStream },
      handler: async (_, reply) => sendRefusal(reply.header('upgrade', 'websocket'), upgradeRequired()),
      wsHandler: (socket) => {
        this.#admit('stream', socket);
        const countMessages = (direction: 'in' | 'out', count: number) => metrics.messages('stream', direction, count);
        new StreamConnection(socket, { ingest, inventory, clock, maxFrameBytes, countMessages }).start();
      },
    });
  }

  #addLive(app: FastifyInstance): void {
    const { feed, commands, clock, metrics } = this.#rooms;
    app.route<{ Querystring: Record<string, unknown> }>({
      method: 'GET',
      url: '/v1/live',
      config: { operation: openLive },
      preHandler: async (request, reply) => {
        const filter = filterOfQuery(request.query);
        const refusal =
          filter instanceof Refusal ? filter : filter && (commands.refuseFilter(filter) ?? feed.refuse(filter));
        if (refusal) return sendRefusal(reply, refusal);
      },
      handler: async (_, reply) => sendRefusal(reply.header('upgrade', 'websocket'), upgradeRequired()),
      wsHandler: (socket, request: FastifyRequest) => {
        this.#admit('live', socket);
        const countMessages = (direction: 'in' | 'out', count: number) => metrics.messages('live', direction, count);
        const filter = filterOfQuery(request.query as Record<string, unknown>) as Filter | undefined;
        new LiveConnection(socket, { feed, commands, clock, countMessages }).start(filter);
      },
    });
  }

  #admit(kind: SocketKind, socket: WebSocket): void {
    const openedMs = this.#rooms.clock.now();
    this.#open[kind].add(socket);
    this.#heartbeat.watch(socket);
    this.#rooms.metrics.socketOpened(kind);
    // What the other side did wrong on the wire ends in 'close' as well, with ws's own code.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#open[kind].delete(socket);
      this.#rooms.metrics.socketClosed(kind, (this.#rooms.clock.now() - openedMs) / 1000);
    });
    // Its handshake was under way when the others were sent away.
    if (this.#isStopping) void this.#sendAway(socket);
  }
}

function upgradeRequired(): Refusal {
  return new Refusal(
    'upgrade_required',
    'this address speaks WebSocket: send "Connection: Upgrade" and "Upgrade: websocket"',
  );
}
