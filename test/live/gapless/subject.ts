/** A form of the live feed, as the property drives it. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { decodeCursor, encodeCursor } from '../../../src/live/cursor.js';
import type { SubscriptionFilter } from '../../../src/domain/generated/live-frames.js';
import { schemaRegistry } from '../../schemas/load.js';
import type { FeedMessage, Journal } from './journal.js';

/** One connection of a subscriber. What it is told goes into the journal, message by message. */
export interface Follower {
  /** Leaves what comes unread, and reads it later. */
  pause(): void;
  resume(): void;
  /** Ends it without a word; what was under way is lost. */
  cut(): Promise<void>;
}

export interface FeedSubject {
  name: string;
  /** Follows the feed with what the journal asks for next. Returns when the subscription stands. */
  follow(url: string, journal: Journal): Promise<Follower>;
}

const isMessage = schemaRegistry()('https://inlet.example/schemas/live-frames.schema.json#/$defs/message');

export const webSocketFeed: FeedSubject = {
  name: 'WebSocket',
  follow: (url, journal) => followSocket(url, journal.nextRequest(), (message) => journal.take(message)),
};

async function followSocket(
  url: string,
  request: SubscriptionFilter,
  take: (message: FeedMessage) => void,
): Promise<Follower> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`);
  socket.on('error', () => undefined);
  let isCut = false;
  const subscribed = new Promise<void>((resolve, reject) => {
    socket.on('close', () => reject(new Error('closed before it was subscribed')));
    socket.on('message', (data: Buffer) => {
      if (isCut) return;
      const message = JSON.parse(data.toString()) as FeedMessage & { error?: object };
      if (!isMessage(message)) throw new Error(`not a message: ${data.toString().slice(0, 300)}`);
      if (message.error) reject(new Error(JSON.stringify(message.error)));
      take(message);
      if (message.subscribed) resolve();
    });
  });
  subscribed.catch(() => undefined);
  await once(socket, 'open');
  socket.send(JSON.stringify({ id: 1, subscribe: request }));
  await subscribed;
  return {
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    async cut() {
      isCut = true;
      if (socket.readyState === WebSocket.CLOSED) return;
      const closed = once(socket, 'close');
      socket.resume();
      socket.terminate();
      await closed;
    },
  };
}

/** Subjects that do what a feed must not do: the property has to see it. */
export const sabotages: Record<string, FeedSubject> = {
  'goes on one reading too late': {
    name: 'WebSocket',
    follow: (url, journal) => {
      const { cursor, ...request } = journal.nextRequest();
      const late = cursor === undefined ? {} : { cursor: oneLater(cursor) };
      return followSocket(url, { ...request, ...late }, ({ gap, ...message }) => {
        if (gap) return;
        // Nor does it say so.
        if (message.subscribed?.recovered === false) message.subscribed.recovered = true;
        journal.take(message);
      });
    },
  },
  'takes its position after the history': {
    name: 'WebSocket',
    async follow(url, journal) {
      const request = journal.nextRequest();
      if (!request.history) return followSocket(url, request, (message) => journal.take(message));
      const history: FeedMessage[] = [];
      let done: () => void = () => undefined;
      const isDone = new Promise<void>((resolve) => (done = resolve));
      const before = await followSocket(url, request, (message) => {
        if (message.history) history.push(message);
        if (message.history?.done) done();
      });
      await isDone;
      await before.cut();
      const { history: _, ...live } = request;
      const held: FeedMessage[] = [];
      let isOpen = false;
      const after = await followSocket(url, live, (message) => {
        if (isOpen) return journal.take(message);
        if (!message.subscribed) return held.push(message);
        journal.take(message);
        for (const one of [...history, ...held]) journal.take(one);
        isOpen = true;
      });
      return after;
    },
  },
};

function oneLater(cursor: string): string {
  return encodeCursor(new Map([...decodeCursor(cursor)!].map(([instance, position]) => [instance, position + 1])));
}
