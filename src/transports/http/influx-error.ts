/** Refusals and receipts as InfluxDB says them: what its clients and Telegraf know how to read. */
import type { FastifyReply } from 'fastify';
import type { Batch } from '../../domain/batch.js';
import type { InfluxError } from '../../domain/generated/answers.js';
import type { Receipt, Refusal, RefusalCode } from '../../domain/refusal.js';
import { retryAfterSeconds } from './problem.js';

/** Codes of InfluxDB 2 by ours, where it has one; "invalid" is what it calls everything that is wrong with a request. */
const influxCodes: Partial<Record<RefusalCode, InfluxError['code']>> = {
  too_large: 'request too large',
  too_many_readings: 'request too large',
  unsupported_media_type: 'unsupported media type',
  rate_limited: 'too many requests',
  internal: 'internal error',
  spool_full: 'unavailable',
  spool_failed: 'unavailable',
  stopping: 'unavailable',
};

export function sendInfluxRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const retryAfter = retryAfterSeconds(refusal);
  if (retryAfter !== undefined) void reply.header('retry-after', retryAfter);
  return sendInfluxError(reply, refusal.status, influxCodes[refusal.code] ?? 'invalid', refusal.message);
}

/** Some lines were refused, or all; the others are kept. The words are those that Telegraf looks for in a 400. */
export function sendPartialWrite(reply: FastifyReply, batch: Batch, receipt: Receipt): FastifyReply {
  const { rejected, results = [] } = receipt;
  const lines = results.map(({ index, path, message }) => {
    // What could not be read names its line and column itself.
    return path === '' && message.startsWith('line ')
      ? message
      : `line ${batch.lines?.[index] ?? index + 1}: ${path === '' ? '' : `${path} `}${message}`;
  });
  const more = rejected > results.length ? ` and ${rejected - results.length} more;` : '';
  return sendInfluxError(reply, 400, 'invalid', `partial write: ${lines.join('; ')};${more} dropped=${rejected}`);
}

/** InfluxDB 2 has `code` and `message`; clients of 1 look for `error`. */
function sendInfluxError(
  reply: FastifyReply,
  status: number,
  code: InfluxError['code'],
  message: string,
): FastifyReply {
  const body: InfluxError = { code, message, error: message };
  return reply.code(status).header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body));
}
