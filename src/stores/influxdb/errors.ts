/**
 * What a failed request to InfluxDB means to us.
 *
 * Temporary: nobody answers, the server is busy or failing, or something is set up wrongly (credentials, database, a
 * proxy): the spool keeps the readings until time or an operator has mended it. Permanent: the server read the lines and
 * refuses them; 1.x and 2.x name the first one at fault only, and without an index (what 3.x says: line-errors.ts).
 */
import { AbortError, HttpError, RequestTimedOutError } from '@influxdata/influxdb-client';
import { excerpt, isPage, pageExcerpt } from './excerpt.js';

export type Failure =
  { outcome: 'temporary'; reason: string; retryAfterMs?: number } | { outcome: 'permanent'; reason: string };

/** 201: some 3.x took only some of the lines. 413: smaller batches may pass, so whoever asks should split. */
const permanentStatuses = new Set([201, 400, 413, 422]);
const tooLarge = 413;

/**
 * A 400 about the request, not about its lines: no reading is to blame for it. From the beginning of the sentence only,
 * since what follows may quote a reading.
 */
const requestFault =
  /^(database is required|please provide either orgID or org|bucket name|missing query param|invalid precision)/i;

const mendable: Record<number, string> = {
  401: 'InfluxDB does not accept the credentials',
  403: 'InfluxDB does not let these credentials do this',
  404: 'InfluxDB has no such database or bucket',
};

/** A server that wants to be left alone for longer is asked all the same. */
const longestRetryAfterMs = 300_000;

/** Nobody was there to take the request. */
const unreachable = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
/** The server, or a gateway before it, stopped waiting for a write that may still go on. */
const givenUpStatuses = new Set([500, 502, 504]);

/** @returns undefined for an error that is not InfluxDB's or the network's: a bug of ours */
export function describeFailure(error: unknown): Failure | undefined {
  if (error instanceof HttpError) return describeStatus(error);
  if (error instanceof AbortError || error instanceof RequestTimedOutError) {
    return { outcome: 'temporary', reason: 'InfluxDB gave no whole answer in time' };
  }
  // Where JSON was asked for: the page of a proxy, say, sent as a success.
  if (error instanceof SyntaxError) return { outcome: 'temporary', reason: 'What answered does not speak as InfluxDB' };
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return { outcome: 'temporary', reason: `InfluxDB cannot be reached: ${excerpt(error.message || error.code)}` };
  }
  return undefined;
}

/** Whether a request that failed like this may be carried out yet. */
export function mayStillHappen(error: unknown): boolean {
  if (error instanceof HttpError) return givenUpStatuses.has(error.statusCode);
  return !(error instanceof Error && 'code' in error && unreachable.has(String(error.code)));
}

function describeStatus(error: HttpError): Failure {
  const { statusCode } = error;
  const isProxy = isPage(error.body, error.contentType);
  const words = isProxy ? pageExcerpt(error.body ?? '') : excerpt(serverWords(error));
  if (statusCode === tooLarge) return { outcome: 'permanent', reason: words };
  if (permanentStatuses.has(statusCode) && !isProxy && !requestFault.test(words))
    return { outcome: 'permanent', reason: words };
  const retryAfterMs = retryAfter(error);
  return {
    outcome: 'temporary',
    reason: `${whoSays(statusCode, isProxy)}: ${words}`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function whoSays(status: number, isProxy: boolean): string {
  if (isProxy) return `Not InfluxDB, but something before it, answered ${status}`;
  return mendable[status] ?? `InfluxDB answered ${status}`;
}

/** `{"error":…}` in 1.x and 3.x, `{"code":…,"message":…}` in 2.x; else what the client makes of it. */
export function serverWords(error: HttpError): string {
  const answer = error.json as { error?: unknown; message?: unknown } | null | undefined;
  const said: unknown[] = [answer?.error, answer?.message, error.message, error.body];
  return said.find((words): words is string => typeof words === 'string') ?? '';
}

/** RFC 9110 §10.2.3: seconds, or a date. (The client's own `retryAfter()` takes the seconds for milliseconds.) */
function retryAfter(error: HttpError): number | undefined {
  const value = error.headers?.['retry-after'];
  if (typeof value !== 'string') return undefined;
  const waitMs = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(0, waitMs), longestRetryAfterMs);
}
