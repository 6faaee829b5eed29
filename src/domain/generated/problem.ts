// Generated from schemas/problem.schema.json; change it there and run `npm run generate`.

/**
 * The kind of problem as a word for programs.
 */
export type ProblemCode =
  | 'malformed'
  | 'empty_batch'
  | 'invalid_parameter'
  | 'invalid_cursor'
  | 'invalid_filter'
  | 'forbidden'
  | 'not_found'
  | 'store_unable'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'too_large'
  | 'too_many_readings'
  | 'unsupported_media_type'
  | 'upgrade_required'
  | 'rate_limited'
  | 'headers_too_large'
  | 'internal'
  | 'too_many_connections'
  | 'spool_full'
  | 'spool_failed'
  | 'store_away'
  | 'stopping';

/**
 * Why a request was refused as a whole (RFC 9457, application/problem+json).
 */
export interface Problem {
  /**
   * URI reference of the kind of problem.
   */
  type: string;
  /**
   * The kind of problem in words, the same each time.
   */
  title: string;
  /**
   * The HTTP status.
   */
  status: number;
  /**
   * What was wrong this time.
   */
  detail: string;
  code: ProblemCode;
  [k: string]: unknown;
}
