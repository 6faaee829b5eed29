/** The WebSocket addresses: who may connect, what becomes of a connection, and how all of them end. */
import { once } from 'node:events';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { Refusal } from '../../domain/refusal.js';
import type { Ingest } from '../../pipeline/ingest.js';
import type { Inventory } from '../../ports/catalog.js';
import type { Clock } from '../../ports/clock.js';
import type { LiveFeed } from '../../ports/feed.js';
import type { LiveCommands } from '../../domain/live-command.js';
import { openLive } from '../http/openapi/live.js';
import { openStream } from '../http/openapi/stream.js';
import { filterOfQuery } from '../filter-query.js';
import { refuseForeignOrigin } from '../http/origin.js';
import { sendRefusal } from '../http/problem.js';
import type { LiveResponses } from '../live-http/responses.js';
import type { Metrics } from '../http/metrics.js';
import { closeCodes } from './close-codes.js';
import { Heartbeat } from './heartbeat.js';
import { LiveConnection, type LiveRooms } from './live.js';
import { restartNotice } from './restart-notice.js';
import { StreamConnection, type StreamRooms } from './stream.js';
import { ignore, Upgrades } from './upgrades.js';

export interface SocketRooms {
  ingest: Ingest;
  inventory: Inventory;
  feed: LiveFeed;
  commands: LiveCommands;
  /** Who asks for /v1/live without an upgrade gets it as events, if that is what was asked for. */
  responses: LiveResponses;
  clock: Clock;
  metrics: Metrics;
  maxFrameBytes: number;
  allowedOrigins: readonly string[];
}

type SocketKind = 'stream' | 'live';

/** How long the other sides have to answer the close frame when the service stops. */
const stopGraceMs = 2_000;

export class Sockets {
  readonly #rooms: SocketRooms;
  readonly #upgrades: Upgrades;
  readonly #heartbeat = new Heartbeat();
  #isStopping = false;
  readonly #open = { stream: new Set<WebSocket>(), live: new Set<WebSocket>() };

  constructor(rooms: SocketRooms) {
    this.#rooms = rooms;
    this.#upgrades = new Upgrades(rooms.maxFrameBytes);
  }

  get streams(): number {
    return this.#open.stream.size;
  }

  /** Adds the addresses to a server that does not listen yet. */
  async addTo(app: FastifyInstance): Promise<void> {
    const { allowedOrigins } = this.#rooms;
    this.#upgrades.addTo(app);
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

  /** Sends all away, with a code that says to come back. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#heartbeat.stop();
    const open = [...this.#open.stream, ...this.#open.live];
    const closed = Promise.all(open.map(async (socket) => once(socket, 'close')));
    for (const socket of open) sendAway(socket, open.length);
    const cut = setTimeout(() => open.forEach((socket) => socket.terminate()), stopGraceMs);
    await closed;
    clearTimeout(cut);
  }

  #addStream(app: FastifyInstance): void {
    const { ingest, inventory, clock, maxFrameBytes } = this.#rooms;
    const countMessages = this.#counter('stream');
    const rooms: StreamRooms = { ingest, inventory, clock, maxFrameBytes, countMessages };
    app.route({
      method: 'GET',
      url: '/v1/stream',
      config: { operation: openStream },
      handler: async (request, reply) =>
        this.#upgrade('stream', request, reply, (socket) => new StreamConnection(socket, rooms).start()),
    });
  }

  #addLive(app: FastifyInstance): void {
    const { feed, commands, clock, responses } = this.#rooms;
    const rooms: LiveRooms = { feed, commands, clock, countMessages: this.#counter('live') };
    app.route<{ Querystring: Record<string, unknown> }>({
      method: 'GET',
      url: '/v1/live',
      config: { operation: openLive },
      handler: async (request, reply) => {
        const filter = filterOfQuery(request.query, commands);
        if (filter instanceof Refusal) return sendRefusal(reply, filter);
        if (responses.wantsEvents(request) && !this.#upgrades.isAsked(request)) {
          return responses.openEvents(request, reply, filter ?? {});
        }
        const refusal = filter && feed.refuse(filter);
        if (refusal) return sendRefusal(reply, refusal);
        return this.#upgrade('live', request, reply, (socket, connection) =>
          new LiveConnection(socket, connection, rooms).start(filter),
        );
      },
    });
  }

  #upgrade(
    kind: SocketKind,
    request: FastifyRequest,
    reply: FastifyReply,
    start: (socket: WebSocket, connection: Socket) => void,
  ): FastifyReply {
    const connection = request.raw.socket;
    const isTaken = this.#upgrades.take(request, reply, (socket) => {
      this.#admit(kind, socket, connection);
      start(socket, connection);
    });
    return isTaken ? reply : sendRefusal(reply.header('upgrade', 'websocket'), upgradeRequired());
  }

  #admit(kind: SocketKind, socket: WebSocket, connection: Socket): void {
    const { clock, metrics } = this.#rooms;
    const open = this.#open[kind];
    const openedMs = clock.now();
    const beating = this.#heartbeat.watch(socket, connection);
    open.add(socket);
    metrics.socketOpened(kind);
    // What the other side did wrong on the wire ends in 'close' as well, with ws's own code.
    socket.on('error', ignore);
    socket.on('close', () => {
      this.#heartbeat.forget(beating);
      open.delete(socket);
      metrics.socketClosed(kind, (clock.now() - openedMs) / 1000);
    });
    // Its handshake was under way when the others were sent away.
    if (this.#isStopping) sendAway(socket, 1);
  }

  #counter(kind: SocketKind): StreamRooms['countMessages'] {
    const { metrics } = this.#rooms;
    return (direction, count) => metrics.messages(kind, direction, count);
  }
}

function sendAway(socket: WebSocket, openSockets: number): void {
  socket.close(closeCodes.restart, restartNotice(openSockets));
}

function upgradeRequired(): Refusal {
  return new Refusal(
    'upgrade_required',
    'this address speaks WebSocket: send "Connection: Upgrade" and "Upgrade: websocket"',
  );
}
