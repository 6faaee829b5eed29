/** How long a poll waits: `wait` in the URL, in seconds. */
import { Refusal } from '../../domain/refusal.js';

const usualSeconds = 20;
const mostSeconds = 60;

/** @returns milliseconds */
export function waitOf(value: unknown): number | Refusal {
  if (value === undefined) return usualSeconds * 1000;
  const seconds = typeof value === 'string' && /^\d{1,2}(\.\d{1,3})?$/.test(value) ? Number(value) : mostSeconds + 1;
  if (seconds > mostSeconds) return new Refusal('invalid_parameter', `wait: is seconds, 0 to ${mostSeconds}`);
  return Math.round(seconds * 1000);
}
