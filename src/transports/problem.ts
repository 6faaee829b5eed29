/** A refusal in the shape that it has on every transport that answers with documents: RFC 9457. */
import type { Problem } from '../domain/generated/problem.js';
import { refusals, type Refusal } from '../domain/refusal.js';

export function problemOf(refusal: Refusal): Problem {
  const { status, title } = refusals[refusal.code];
  return { type: `urn:inlet:problem:${refusal.code}`, title, status, detail: refusal.message, code: refusal.code };
}
