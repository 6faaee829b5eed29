/**
 * Sends so many messages a second, whether or not answers come: an open loop. Time goes in ticks, each has its share of
 * the messages, and a message that finds no room on any connection goes later; its time counts from its tick.
 */
import type { Connection } from './connection.js';

const tickMs = 1;

export class Pacer {
  readonly #connections: readonly Connection[];
  readonly #messagesPerTick: number;
  #timer: NodeJS.Timeout | undefined;
  #startedAtMs = 0;
  /** The first tick of which something is still to be sent. */
  #tick = 0;
  #sent = 0;
  #turn = 0;

  constructor(connections: readonly Connection[], messagesPerSecond: number) {
    this.#connections = connections;
    this.#messagesPerTick = (messagesPerSecond * tickMs) / 1000;
  }

  start(): void {
    this.#startedAtMs = performance.now();
    this.#timer = setInterval(() => this.send(), tickMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Sends what is due and finds room. */
  send(): void {
    const now = Math.floor((performance.now() - this.#startedAtMs) / tickMs);
    for (; this.#tick <= now; this.#tick++) {
      const dueAtMs = this.#startedAtMs + this.#tick * tickMs;
      let due = Math.floor((this.#tick + 1) * this.#messagesPerTick) - this.#sent;
      while (due > 0) {
        const sent = this.#next(due, dueAtMs);
        if (sent === 0) return;
        due -= sent;
        this.#sent += sent;
      }
    }
  }

  /** A connection takes as much as it has room for, and then it is the next one's turn: a gateway sends what it has. */
  #next(due: number, dueAtMs: number): number {
    for (let tried = 0; tried < this.#connections.length; tried++) {
      const connection = this.#connections[this.#turn]!;
      this.#turn = (this.#turn + 1) % this.#connections.length;
      const sent = connection.send(due, dueAtMs);
      if (sent > 0) return sent;
    }
    return 0;
  }
}
