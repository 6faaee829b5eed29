/**
 * The InfluxDB client's transport with what it lacks: a deadline that ends the request (its own timeout reports an error
 * and leaves the socket waiting), agents that can be closed, and writes that do not copy what they send.
 */
import { InfluxDB } from '@influxdata/influxdb-client';
import http from 'node:http';
import https from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { post } from './post.js';
import type { InfluxSettings } from './settings.js';

type Transport = InfluxDB['transport'];

const compress = promisify(gzip);

/** Connections for writing that are open at the same time; more requests wait for one. */
const maxWritingSockets = 16;
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
  const { Agent } = settings.url.startsWith('https:') ? https : http;
  const writing = new Agent({ keepAlive: true, maxSockets: maxWritingSockets });
  // An answer that is read slowly keeps its connection, and one over several types has several: none of them may wait for
  // another, nor a write for all of them. How many are read at a time is for those to bound who give them out.
  const asking = new Agent({ keepAlive: true });
  const { transport: bare } = new InfluxDB({
    url: settings.url,
    // Off: it would also count the time that we take to read an answer.
    timeout: 0,
    transportOptions: { agent: asking },
    headers: basicCredentials(settings),
    ...(settings.token === undefined ? {} : { token: settings.token }),
  });
  const requestMs = Math.min(settings.timeoutMs, longestRequestMs);
  const isOnThisMachine = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(settings.url).hostname);
  return {
    transport: {
      request: (path, body, options, started) =>
        bare.request(path, body, { ...options, signal: AbortSignal.timeout(requestMs) }, started),
      iterate: (path, body, options) => bare.iterate(path, body, options),
    },
    write: async (path, lines) => {
      const signal = AbortSignal.timeout(requestMs);
      const headers = { 'content-type': 'text/plain; charset=utf-8', ...authorization(path, settings) };
      const url = settings.url.replace(/\/$/, '') + path;
      if (isOnThisMachine || lines.length < gzipFromBytes)
        return post({ url, agent: writing, headers, body: lines, signal });
      const body = await compress(lines);
      return post({ url, agent: writing, headers: { ...headers, 'content-encoding': 'gzip' }, body, signal });
    },
    close: () => {
      writing.destroy();
      asking.destroy();
    },
  };
}

function authorization(path: string, settings: InfluxSettings): Record<string, string> {
  const { token, username, password = '' } = settings;
  if (token !== undefined) return { authorization: `Token ${token}` };
  // InfluxDB 1.8 takes a user and a password in the place of a token at the endpoints that it has from 2.x.
  if (path.startsWith('/api/v2/') && username !== undefined) return { authorization: `Token ${username}:${password}` };
  return basicCredentials(settings);
}

function basicCredentials({ token, username, password = '' }: InfluxSettings): Record<string, string> {
  if (token !== undefined || username === undefined) return {};
  const credentials = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
  return { authorization: `Basic ${credentials}` };
}
