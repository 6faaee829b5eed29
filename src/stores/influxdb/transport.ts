/**
 * The InfluxDB client's transport with what it lacks: a deadline that ends the request (its own timeout reports an error
 * and leaves the socket waiting), agents that can be closed, and the 201 with which some InfluxDB 3 take only some of the
 * lines, which the client calls a success.
 */
import { AbortError, HttpError, InfluxDB } from '@influxdata/influxdb-client';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { InfluxSettings } from './settings.js';

type Transport = InfluxDB['transport'];
type Observer = NonNullable<Parameters<Transport['send']>[3]>;

/** Connections that are open at the same time; more requests wait for one. */
const maxSockets = 16;
/** InfluxDB itself gives a write up after 10 s (`write-timeout`). */
const longestRequestMs = 12_000;

/**
 * Measured with 5.7 MB of lines, which become an eighth: over loopback gzip takes 326 ms instead of 285 and twice our CPU
 * time (89 ms instead of 38); 20 ms away it is even (348 and 370 ms), and at 10 Mbit/s 0.9 s instead of 5.
 */
const gzipFromBytes = 4096;

export interface InfluxTransport {
  /** Asks. */
  readonly transport: Pick<Transport, 'request' | 'iterate'>;
  /**
   * Sends lines in one request.
   * @throws HttpError, or what the network says, unless the server took all of them
   */
  write(path: string, lines: Uint8Array): Promise<void>;
  /** Ends what is under way and closes all connections. */
  close(): void;
}

export function openTransport(settings: InfluxSettings): InfluxTransport {
  const agent = settings.url.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true, maxSockets })
    : new HttpAgent({ keepAlive: true, maxSockets });
  const { transport: bare } = new InfluxDB({
    url: settings.url,
    // Off: it would also count the time that we take to read an answer.
    timeout: 0,
    transportOptions: { agent },
    headers: basicCredentials(settings),
    ...(settings.token === undefined ? {} : { token: settings.token }),
  });
  const requestMs = Math.min(settings.timeoutMs, longestRequestMs);
  const isOnThisMachine = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(settings.url).hostname);
  const gzipThreshold = isOnThisMachine ? Number.MAX_SAFE_INTEGER : gzipFromBytes;
  return {
    transport: {
      request: (path, body, options, started) =>
        bare.request(path, body, { ...options, signal: AbortSignal.timeout(requestMs) }, started),
      iterate: (path, body, options) => bare.iterate(path, body, options),
    },
    write: (path, lines) =>
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'text/plain; charset=utf-8', ...tokenOfUser(path, settings) };
        const options = { method: 'POST', headers, gzipThreshold, signal: AbortSignal.timeout(requestMs) };
        // It makes a Buffer of the body, so it takes bytes as well as the text that it declares. Its WriteApi takes text
        // only, walks over it to count bytes, and makes bytes of it again: 15 ms for 5.3 MB, and this takes 4.
        bare.send(path, lines as unknown as string, options, answerOfWrite(resolve, reject));
      }),
    close: () => agent.destroy(),
  };
}

const takenInPart = 'InfluxDB took only some of the lines';

/** Whatever else calls itself a success is no InfluxDB's: a page of a proxy, say. */
function answerOfWrite(resolve: () => void, reject: (error: unknown) => void): Observer {
  let status: number | undefined;
  return {
    next: () => undefined,
    responseStarted: (_, statusCode) => {
      status = statusCode;
    },
    error: reject,
    complete: () => {
      if (status === 204) resolve();
      else if (status === undefined) reject(new AbortError());
      else
        reject(
          new HttpError(status, status === 201 ? takenInPart : `a write is answered with 204, not with ${status}`),
        );
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
