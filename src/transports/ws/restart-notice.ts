/** What sockets are told at a restart: a close reason such as `restart; retry-after-ms=1250`. */
import { restartDelayMs } from '../restart-delay.js';

/** @param random 0 (included) to 1 (excluded) */
export function restartNotice(openSockets: number, random?: number): string {
  return `restart; retry-after-ms=${restartDelayMs(openSockets, random)}`;
}
