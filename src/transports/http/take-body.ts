/** A request's body into the pipeline: as one batch, or as lines while they come. */
import type { FastifyReply } from 'fastify';
import { Refusal } from '../../domain/refusal.js';
import type { Accepted, BatchTaker, Encoding } from '../../pipeline/batch-taker.js';
import { LineIntake } from '../../pipeline/line-intake.js';
import { EndlessBody } from './endless-body.js';
import { sendRefusal } from './problem.js';

/** `FastifyRequest.body`; undefined where there is none. */
export type Body = Buffer | EndlessBody | undefined;

export async function takeBody(
  body: Body,
  taker: BatchTaker,
  encoding: Encoding,
  maxBodyBytes: number,
): Promise<Accepted | Refusal> {
  if (body === undefined) return new Refusal('empty_batch', 'the body is empty');
  if (body instanceof EndlessBody) {
    const intake = new LineIntake(taker, { precision: encoding.precision, maxLineBytes: maxBodyBytes });
    return intake.take(body.chunks());
  }
  const batch = taker.decode(body, encoding);
  return batch instanceof Refusal ? batch : taker.accept(batch, body.length);
}

export function refuseBody(reply: FastifyReply, body: Body, refusal: Refusal): FastifyReply {
  // What is left of an endless body is not waited for.
  if (body instanceof EndlessBody) void reply.header('connection', 'close');
  return sendRefusal(reply, refusal);
}
