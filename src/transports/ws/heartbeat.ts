/**
 * Pings for all sockets on one timer, so that half-open ones are found. A socket that has not answered the last ping by
 * the next one is closed with 4408, except while we do not read from it or it cannot take what we send: then its pong
 * may be waiting where nobody looks.
 */
import type { WebSocket } from 'ws';
import { closeCodes } from './close-codes.js';

export const pingIntervalMs = 25_000;

export class Heartbeat {
  readonly #waiting = new Map<WebSocket, boolean>();
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#timer = setInterval(() => this.#beat(), pingIntervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  watch(socket: WebSocket): void {
    this.#waiting.set(socket, false);
    socket.on('pong', () => this.#waiting.set(socket, false));
    socket.on('close', () => this.#waiting.delete(socket));
  }

  #beat(): void {
    for (const [socket, isWaiting] of this.#waiting) {
      const isStuck = socket.isPaused || socket.bufferedAmount > 0;
      if (isWaiting && !isStuck) {
        socket.close(closeCodes.noPong, 'no pong');
        socket.terminate();
      } else if (socket.readyState === socket.OPEN) {
        this.#waiting.set(socket, !isStuck);
        socket.ping();
      }
    }
  }
}
