/**
 * One attempt to post a batch, and what its answer means for the sender:
 *
 *     202, 200, 207, 422 with a receipt   answered
 *     413                                 too large: halve it
 *     408, 425, 429, 5xx, no answer       later; Retry-After says when
 *     401, 403, 404, 405                  never: the address or the credentials are wrong
 *     any other                           refused: this batch will never be taken
 */
import type { Receipt } from '../domain/refusal.js';
import type { Refused } from './device.js';

export type PostOutcome =
  | { outcome: 'answered'; receipt: Receipt }
  | { outcome: 'too_large'; refused: Refused }
  | { outcome: 'later'; refused: Refused; retryAfterMs: number }
  | { outcome: 'never'; status: number; refused: Refused }
  | { outcome: 'refused'; refused: Refused };

export interface Post {
  url: URL;
  /** The batch, in the format of its media type. */
  body: string | Uint8Array<ArrayBuffer>;
  mediaType: string;
  token: string | undefined;
  gzip: boolean;
  timeoutMs: number;
  /** Ends the attempt early. */
  signal: AbortSignal;
}

export async function postReadings(post: Post): Promise<PostOutcome> {
  const attempt = new AbortController();
  const abort = (): void => attempt.abort();
  const timer = setTimeout(abort, post.timeoutMs);
  post.signal.addEventListener('abort', abort);
  try {
    const response = await fetch(post.url, {
      method: 'POST',
      headers: headersOf(post),
      body: post.gzip ? await gzip(post.body) : post.body,
      signal: attempt.signal,
    });
    return outcomeOf(response, await response.text());
  } catch (error) {
    // Whether the server got the batch is not known, so it is sent again; what was stored already is not stored twice.
    const refused = attempt.signal.aborted
      ? { code: 'timeout', message: `no answer within ${post.timeoutMs} ms` }
      : { code: 'network', message: reasonOf(error) };
    return { outcome: 'later', refused, retryAfterMs: 0 };
  } finally {
    clearTimeout(timer);
    post.signal.removeEventListener('abort', abort);
  }
}

function headersOf({ token, gzip, mediaType }: Post): Record<string, string> {
  return {
    'content-type': mediaType,
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
}

async function gzip(body: Post['body']): Promise<ArrayBuffer> {
  return await new Response(new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
}

function outcomeOf(response: Response, text: string): PostOutcome {
  const { status } = response;
  const body = parseObject(text);
  if ([200, 202, 207, 422].includes(status) && isReceipt(body)) return { outcome: 'answered', receipt: body };
  const refused = {
    code: typeof body?.['code'] === 'string' ? body['code'] : `http_${status}`,
    message: typeof body?.['detail'] === 'string' ? body['detail'] : `the server answered ${status}`,
  };
  if (status === 413) return { outcome: 'too_large', refused };
  // A success without a receipt is no acknowledgement: some proxy answered for the server.
  if ([408, 425, 429].includes(status) || status >= 500 || response.ok) {
    return { outcome: 'later', refused, retryAfterMs: retryAfterMs(response.headers.get('retry-after')) };
  }
  if ([401, 403, 404, 405].includes(status)) return { outcome: 'never', status, refused };
  return { outcome: 'refused', refused };
}

/** Seconds or a date (RFC 9110 §10.2.3); 0 when there is none. */
export function retryAfterMs(header: string | null): number {
  if (header === null) return 0;
  const seconds = Number(header);
  const waitMs = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1000;
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : 0;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isReceipt(body: unknown): body is Receipt {
  const receipt = body as Partial<Receipt> | undefined;
  return typeof receipt?.accepted === 'number' && typeof receipt.rejected === 'number';
}

/** `fetch` says "fetch failed" and hides the reason in `cause`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}
