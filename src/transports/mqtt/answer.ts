/** What a device reads of what became of its message: a receipt, or where nothing of it could be one, a problem. */
import { Refusal, type Receipt } from '../../domain/refusal.js';
import { problemOf } from '../problem.js';

export interface Answer {
  payload: Buffer;
  contentType: string;
}

export function answerOf(outcome: Receipt | Refusal): Answer {
  if (outcome instanceof Refusal) {
    return { payload: Buffer.from(JSON.stringify(problemOf(outcome))), contentType: 'application/problem+json' };
  }
  return { payload: Buffer.from(JSON.stringify(outcome)), contentType: 'application/json' };
}

/** Whether a device that did not ask for an answer hears of it. */
export function isWorthTelling(outcome: Receipt | Refusal): boolean {
  return outcome instanceof Refusal || outcome.rejected > 0;
}
