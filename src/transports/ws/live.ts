/** /v1/live: a dashboard's connection. Commands in, subscriptions' messages out. */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { LiveCommand, SubscriptionFilter as Filter } from '../../domain/generated/live-frames.js';
import { Refusal } from '../../domain/refusal.js';
import type { Clock } from '../../ports/clock.js';
import type { FeedConnection, LiveFeed, LiveMessage, Subscriber, SubscriptionHandle } from '../../ports/feed.js';
import type { LiveCommands, RefusedCommand } from '../../domain/live-command.js';
import { closeCodes } from './close-codes.js';
import { textFrame } from './text-frame.js';

const maxMalformedInRow = 10;
const maxSubscriptions = 100;
/** How long a reader that is too slow has to take the close frame before the connection is cut. */
const closeGraceMs = 5_000;

export interface LiveRooms {
  feed: LiveFeed;
  commands: LiveCommands;
  clock: Clock;
  countMessages: (direction: 'in' | 'out', count: number) => void;
}

export class LiveConnection implements Subscriber {
  readonly #socket: WebSocket;
  readonly #connection: Socket;
  readonly #rooms: LiveRooms;
  readonly #subscriptions = new Map<string, SubscriptionHandle>();
  #nextSubscription = 1;
  #malformedInRow = 0;
  #cutTimer: NodeJS.Timeout | undefined;
  readonly #feed: FeedConnection;
  readonly #onSent = () => this.#feed.drained();

  /** @param connection beneath the socket. Nothing is deflated, so what is written to it keeps its place among the socket's own. */
  constructor(socket: WebSocket, connection: Socket, rooms: LiveRooms) {
    this.#socket = socket;
    this.#connection = connection;
    this.#rooms = rooms;
    this.#feed = rooms.feed.connect(this);
  }

  /** @param filter of the URL, to subscribe with at once */
  start(filter: Filter | undefined): void {
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#socket.close(closeCodes.unsupportedData, 'binary frames were not agreed');
      else this.#obey(data.toString());
    });
    this.#socket.on('close', () => {
      clearTimeout(this.#cutTimer);
      this.#endAll();
    });
    if (filter) this.#subscribe(0, filter);
  }

  send(name: string, message: LiveMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#connection.write(frameOf(name, message), this.#onSent);
    this.#rooms.countMessages('out', 1);
  }

  unreadBytes(): number {
    return this.#socket.bufferedAmount;
  }

  tooSlow(): void {
    if (this.#cutTimer) return;
    this.#endAll();
    this.#socket.close(closeCodes.tooSlow, 'reads too slowly');
    this.#cutTimer = setTimeout(() => this.#socket.terminate(), closeGraceMs);
  }

  #obey(text: string): void {
    this.#rooms.countMessages('in', 1);
    const command = this.#rooms.commands.decode(text);
    if ('refusal' in command) this.#refuse(command.id, command.refusal);
    else this.#execute(command);
    this.#countMalformed(command);
  }

  #execute(command: LiveCommand): void {
    if ('subscribe' in command) this.#subscribe(command.id, command.subscribe);
    else if ('unsubscribe' in command) this.#unsubscribe(command.id, command.unsubscribe.subscription);
    else this.#answer({ id: command.id, pong: { serverTime: this.#rooms.clock.now() } });
  }

  #subscribe(id: number, filter: Filter): void {
    if (this.#subscriptions.size >= maxSubscriptions) {
      const detail = `a connection has at most ${maxSubscriptions} subscriptions`;
      this.#refuse(id, new Refusal('invalid_filter', detail));
      return;
    }
    const subscription = this.#feed.subscribe(`s${this.#nextSubscription}`, filter);
    if (subscription instanceof Refusal) return this.#refuse(id, subscription);
    this.#nextSubscription++;
    const { name, cursor, recovered } = subscription;
    this.#subscriptions.set(name, subscription);
    this.#answer({ id, subscribed: { subscription: name, cursor, ...(recovered !== undefined && { recovered }) } });
    void subscription.begin();
  }

  #unsubscribe(id: number, name: string): void {
    const subscription = this.#subscriptions.get(name);
    if (!subscription) {
      this.#refuse(id, new Refusal('not_found', `there is no subscription ${JSON.stringify(name)} on this connection`));
      return;
    }
    subscription.end();
    this.#subscriptions.delete(name);
    this.#answer({ id, unsubscribed: { subscription: name } });
  }

  #refuse(id: number | undefined, { code, message, retryAfterMs }: Refusal): void {
    const error = { code, message, temporary: retryAfterMs !== undefined };
    this.#answer(id === undefined ? { error } : { id, error });
  }

  #countMalformed(command: LiveCommand | RefusedCommand): void {
    this.#malformedInRow = 'refusal' in command && command.refusal.code === 'malformed' ? this.#malformedInRow + 1 : 0;
    if (this.#malformedInRow < maxMalformedInRow) return;
    this.#socket.close(closeCodes.protocolError, `${maxMalformedInRow} malformed commands in a row`);
  }

  #answer(message: object): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(JSON.stringify(message), this.#onSent);
    this.#rooms.countMessages('out', 1);
    if (this.unreadBytes() > maxUnreadAnswerBytes) this.tooSlow();
  }

  #endAll(): void {
    this.#feed.end();
    this.#subscriptions.clear();
  }
}

/** A message that many get is put together once: most connections call their first subscription the same. */
const frames = new WeakMap<LiveMessage, { name: string; bytes: Buffer }>();

function frameOf(name: string, message: LiveMessage): Buffer {
  const known = frames.get(message);
  if (known?.name === name) return known.bytes;
  const bytes = textFrame(`{"subscription":"${name}",${message.rest}`);
  if (!known) frames.set(message, { name, bytes });
  return bytes;
}

/** One that asks and never reads the answers. */
const maxUnreadAnswerBytes = 4 * 1024 * 1024;
