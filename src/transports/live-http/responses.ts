/**
 * The live feed over plain HTTP: event streams and waiting polls, and how all of them end. Server and proxies see a sign of
 * life on each stream every 15 s.
 */
import { finished } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SubscriptionFilter as Filter } from '../../domain/generated/live-frames.js';
import type { LiveCommands } from '../../domain/live-command.js';
import { Refusal } from '../../domain/refusal.js';
import { Wheel } from '../../domain/wheel.js';
import type { Clock } from '../../ports/clock.js';
import type { LiveFeed } from '../../ports/feed.js';
import { filterOfQuery } from '../filter-query.js';
import { acceptsEvents } from '../http/accept.js';
import type { Metrics } from '../http/metrics.js';
import { pollLive } from '../http/openapi/live.js';
import { refuseForeignOrigin } from '../http/origin.js';
import { sendRefusal } from '../http/problem.js';
import { restartDelayMs } from '../restart-delay.js';
import { EventStream } from './event-stream.js';
import { Poll } from './poll.js';
import { waitOf } from './wait.js';

export interface LiveResponseRooms {
  feed: LiveFeed;
  commands: LiveCommands;
  clock: Clock;
  metrics: Metrics;
  allowedOrigins: readonly string[];
  /** Between two comments on a stream; for tests. */
  commentIntervalMs?: number;
}

const commentIntervalMs = 15_000;
const slotCount = 15;

type Kind = 'events' | 'poll';

export class LiveResponses {
  readonly #rooms: LiveResponseRooms;
  readonly #streams: Wheel<EventStream>;
  readonly #polls = new Set<Poll>();
  #isStopping = false;

  constructor(rooms: LiveResponseRooms) {
    this.#rooms = rooms;
    const { commentIntervalMs: interval = commentIntervalMs } = rooms;
    this.#streams = new Wheel(slotCount, interval / slotCount, (stream) => stream.comment());
  }

  /** Adds the address of polls to a server that does not listen yet. That of event streams is shared with WebSockets. */
  addTo(app: FastifyInstance): void {
    const { allowedOrigins } = this.#rooms;
    app.get<{ Querystring: Record<string, unknown> }>(
      '/v1/live/poll',
      { config: { operation: pollLive }, exposeHeadRoute: false },
      async (request, reply) => {
        const refusal = refuseForeignOrigin(request, allowedOrigins) ?? this.#poll(request.query, reply);
        return refusal ? sendRefusal(reply, refusal) : reply;
      },
    );
    this.#streams.start();
  }

  /** Ends all in good order: browsers come back by themselves. */
  stop(): void {
    this.#isStopping = true;
    this.#streams.stop();
    const streams = [...this.#streams];
    for (const stream of streams) stream.sendAway(restartDelayMs(streams.length));
    for (const poll of this.#polls) poll.sendAway();
  }

  wantsEvents({ method, headers }: FastifyRequest): boolean {
    return method === 'GET' && acceptsEvents(headers.accept);
  }

  openEvents(request: FastifyRequest, reply: FastifyReply, filter: Filter): FastifyReply {
    const { feed, metrics } = this.#rooms;
    const countMessage = () => metrics.messages('events', 'out');
    const stream = new EventStream(reply.raw, { feed, countMessage });
    // A browser that has never had an id sends none; an empty one is none either.
    const lastEventId = [request.headers['last-event-id']].flat()[0] || undefined;
    const refusal = stream.start(filter, lastEventId);
    if (refusal) return sendRefusal(reply, refusal);
    this.#streams.add(stream);
    this.#watch('events', reply, () => {
      this.#streams.remove(stream);
      stream.end();
    });
    if (this.#isStopping) stream.sendAway(restartDelayMs(1));
    return reply;
  }

  #poll(query: Record<string, unknown>, reply: FastifyReply): Refusal | undefined {
    const { wait, ...rest } = query;
    const waitMs = waitOf(wait);
    if (waitMs instanceof Refusal) return waitMs;
    const filter = filterOfQuery(rest, this.#rooms.commands) ?? {};
    if (filter instanceof Refusal) return filter;
    const poll = new Poll(reply.raw, this.#rooms.feed);
    const refusal = poll.start(filter, waitMs);
    if (refusal) return refusal;
    this.#polls.add(poll);
    this.#watch('poll', reply, () => {
      this.#polls.delete(poll);
      poll.end();
    });
    if (this.#isStopping) poll.sendAway();
    return undefined;
  }

  /** From here on the answer is written here. @param freed however the connection ends */
  #watch(kind: Kind, reply: FastifyReply, freed: () => void): void {
    const { clock, metrics } = this.#rooms;
    const openedMs = clock.now();
    reply.hijack();
    metrics.socketOpened(kind);
    finished(reply.raw, () => {
      metrics.socketClosed(kind, (clock.now() - openedMs) / 1000);
      freed();
    });
  }
}
