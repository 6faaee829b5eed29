/** The three forms of the live feed, each as a client without a library for it would read it. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { EventClient } from '../../live/event-client.js';
import type { AnyMessage, LiveReading } from '../../live/live-client.js';
import type { Session } from './reader.js';

/** So long a poll waits for a reading. */
const waitSeconds = 20;

/** @param query of a subscription, such as `devices=boiler-*` */
export function overSocket(url: string, query: string): Session {
  return async (reader, signal) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live?${withCursor(query, reader.cursor)}`);
    const cut = () => socket.terminate();
    signal.addEventListener('abort', cut);
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as AnyMessage;
      reader.take(message);
      // With a cursor of our own that one is where we are, until what was missed has come.
      if (message.subscribed && reader.cursor === undefined) reader.moveTo(message.subscribed.cursor);
    });
    socket.on('error', () => undefined);
    await once(socket, 'close');
    signal.removeEventListener('abort', cut);
  };
}

export function overEvents(url: string, query: string): Session {
  return async (reader, signal) => {
    const headers: Record<string, string> = reader.cursor === undefined ? {} : { 'last-event-id': reader.cursor };
    const client = await EventClient.open(`${url}/v1/live?${query}`, headers);
    const cut = () => client.cut();
    signal.addEventListener('abort', cut);
    await new Promise<void>((resolve) => {
      client.listen(({ data, id, retry }) => {
        if (retry !== undefined) reader.retryMs = Number(retry);
        const message = JSON.parse(data ?? '{}') as AnyMessage;
        // As in a browser, where only the id counts.
        delete message.cursor;
        reader.take(id === undefined ? message : { ...message, cursor: id });
      }, resolve);
    });
    signal.removeEventListener('abort', cut);
  };
}

export function byPolls(url: string, query: string): Session {
  return async (reader, signal) => {
    while (!signal.aborted) {
      const response = await fetch(`${url}/v1/live/poll?${withCursor(query, reader.cursor)}&wait=${waitSeconds}`, {
        signal,
      });
      if (!response.ok) throw new Error(`answered ${response.status}`);
      const { gap, ...answer } = (await response.json()) as PollAnswer;
      reader.take(gap === null ? answer : { ...answer, gap });
    }
  };
}

interface PollAnswer {
  cursor: string;
  readings: LiveReading[];
  gap: NonNullable<AnyMessage['gap']> | null;
}

function withCursor(query: string, cursor: string | undefined): string {
  return cursor === undefined ? query : `${query}&cursor=${encodeURIComponent(cursor)}`;
}
