/**
 * The InfluxDB client's transport with what it lacks: a deadline that ends the request (its own timeout reports an error
 * and leaves the socket waiting), agents that can be closed, and the 201 with which some InfluxDB 3 take only some of the
 * lines, which the client calls a success.
 */
import { HttpError, InfluxDB } from '@influxdata/influxdb-client';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { InfluxSettings } from './settings.js';

type Transport = InfluxDB['transport'];
type Observer = NonNullable<Parameters<Transport['send']>[3]>;

/** Connections that are open at the same time; more requests wait for one. */
const maxSockets = 16;
/** InfluxDB itself gives a write up after 10 s (`write-timeout`). */
const longestRequestMs = 12_000;

export interface InfluxTransport {
  readonly client: InfluxDB;
  readonly transport: Transport;
  /** Whether bytes cost nothing on their way. */
  readonly isOnThisMachine: boolean;
  /** Ends what is under way and closes all connections. */
  close(): void;
}

export function openTransport(settings: InfluxSettings): InfluxTransport {
  const agent = settings.url.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true, maxSockets })
    : new HttpAgent({ keepAlive: true, maxSockets });
  const connection = {
    url: settings.url,
    // Off: it would also count the time that we take to read an answer.
    timeout: 0,
    transportOptions: { agent },
    headers: basicCredentials(settings),
    ...(settings.token === undefined ? {} : { token: settings.token }),
  };
  const requestMs = Math.min(settings.timeoutMs, longestRequestMs);
  const bare = new InfluxDB(connection).transport;
  const transport: Transport = {
    chunkCombiner: bare.chunkCombiner,
    request: (path, body, options, started) =>
      bare.request(path, body, { ...options, signal: AbortSignal.timeout(requestMs) }, started),
    iterate: (path, body, options) => bare.iterate(path, body, options),
    send: (path, body, options, callbacks) =>
      bare.send(
        path,
        body,
        {
          ...options,
          headers: { ...options.headers, ...tokenOfUser(path, settings) },
          signal: AbortSignal.timeout(requestMs),
        },
        callbacks && refusePartialSuccess(callbacks),
      ),
  };
  return {
    client: new InfluxDB({ ...connection, transport }),
    transport,
    isOnThisMachine: /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(settings.url).hostname),
    close: () => agent.destroy(),
  };
}

function refusePartialSuccess(callbacks: Observer): Observer {
  let status: number | undefined;
  return {
    ...callbacks,
    responseStarted: (headers, statusCode) => {
      status = statusCode;
      callbacks.responseStarted?.(headers, statusCode);
    },
    complete: () => {
      if (status === 201) callbacks.error?.(new HttpError(201, 'InfluxDB took only some of the lines'));
      else callbacks.complete?.();
    },
  };
}

function basicCredentials({ token, username, password }: InfluxSettings): Record<string, string> {
  if (token !== undefined || username === undefined) return {};
  const credentials = Buffer.from(`${username}:${password ?? ''}`, 'utf8').toString('base64');
  return { authorization: `Basic ${credentials}` };
}

/** InfluxDB 1.8 takes a user and a password in the place of a token at the endpoints that it has from 2.x. */
function tokenOfUser(path: string, { token, username, password }: InfluxSettings): Record<string, string> {
  if (token !== undefined || username === undefined || !path.startsWith('/api/v2/')) return {};
  return { authorization: `Token ${username}:${password ?? ''}` };
}
