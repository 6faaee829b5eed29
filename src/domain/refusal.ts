/**
 * The catalogue of refusals: everything that Inlet says no to, with the HTTP status and title that it has there. A whole
 * batch or request is refused by a `Refusal`; a single reading by a `Rejection` in a receipt.
 */
import { clipped } from './clipped.js';

export const refusals = {
  malformed: { status: 400, title: 'The body or frame could not be understood' },
  empty_batch: { status: 400, title: 'The batch has no readings' },
  invalid_parameter: { status: 400, title: 'A parameter is not valid' },
  invalid_cursor: { status: 400, title: 'The cursor is not one of ours' },
  invalid_filter: { status: 400, title: 'The subscription is not valid' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  store_unable: { status: 409, title: 'The store cannot do this' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  too_large: { status: 413, title: 'The body is too large' },
  too_many_readings: { status: 413, title: 'The batch has too many readings' },
  unsupported_media_type: { status: 415, title: 'The media type or encoding is not supported' },
  upgrade_required: { status: 426, title: 'This address speaks WebSocket' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The request headers are too large' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  too_many_connections: { status: 503, title: 'Too many connections are open' },
  spool_full: { status: 503, title: 'No room for more readings now' },
  spool_failed: { status: 503, title: 'The spool cannot be written now' },
  store_away: { status: 503, title: 'The store does not answer' },
  stopping: { status: 503, title: 'The service is stopping' },
} as const satisfies Record<string, { status: number; title: string }>;

/** Of a sentence about what was sent, which may quote it. */
export const maxMessageCharacters = 512;

export type RefusalCode = keyof typeof refusals;

/** Expected failure of a whole request, batch or command. A value where it is returned, an error where it is thrown. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  /** When trying again makes sense, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Number of the frame that is refused, where frames are numbered and it could be read. */
  seq: number | undefined;

  constructor(code: RefusalCode, message: string, retryAfterMs?: number) {
    super(clipped(message, maxMessageCharacters));
    this.name = 'Refusal';
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  get status(): number {
    return refusals[this.code].status;
  }

  numbered(seq: number | undefined): this {
    this.seq = seq;
    return this;
  }
}

export type { Receipt, Rejection, RejectionCode } from './generated/receipt.js';

/** How many rejections a receipt lists. */
export const maxListedRejections = 100;

/** One segment of a JSON Pointer. */
export function pointerSegment(key: string): string {
  return key.replace(/~/g, '~0').replace(/\//g, '~1');
}
