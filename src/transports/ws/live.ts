/** /v1/live: a dashboard's connection. Commands in, subscriptions' messages out. */
import type { WebSocket } from 'ws';
import type { LiveCommand, SubscriptionFilter as Filter } from '../../domain/generated/live-frames.js';
import { Refusal } from '../../domain/refusal.js';
import type { Clock } from '../../ports/clock.js';
import type { LiveFeed, Subscriber, SubscriptionHandle } from '../../ports/feed.js';
import type { LiveCommands, RefusedCommand } from '../../domain/live-command.js';
import { closeCodes } from './close-codes.js';

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
  readonly #rooms: LiveRooms;
  readonly #subscriptions = new Map<string, SubscriptionHandle>();
  #nextSubscription = 1;
  #malformedInRow = 0;
  #cutTimer: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, rooms: LiveRooms) {
    this.#socket = socket;
    this.#rooms = rooms;
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

  send(message: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(message);
    this.#rooms.countMessages('out', 1);
  }

  bufferedBytes(): number {
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
    const { snapshot = false, ...what } = filter;
    const subscription = this.#rooms.feed.subscribe(this, `s${this.#nextSubscription++}`, what, { snapshot });
    this.#subscriptions.set(subscription.name, subscription);
    this.#answer({ id, subscribed: { subscription: subscription.name, cursor: subscription.cursor } });
    subscription.begin();
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
    this.send(JSON.stringify(message));
    if (this.bufferedBytes() > maxUnreadAnswerBytes) this.tooSlow();
  }

  #endAll(): void {
    for (const subscription of this.#subscriptions.values()) subscription.end();
    this.#subscriptions.clear();
  }
}

/** One that asks and never reads the answers. */
const maxUnreadAnswerBytes = 4 * 1024 * 1024;
