/**
 * Finds connections whose other side is gone without a word. All of them share one timer: a wheel that goes on by a slot
 * at each tick, each connection having its place in one, so that pings are spread over the interval. What has arrived
 * since the last ping is a sign of life, a pong as well as a frame.
 *
 * There is no deadline while we do not read, or while what we send is not taken: the pong may be waiting where nobody
 * looks, or the ping. Such a time may have ended only just now, so one that is found silent is looked at once more.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { closeCodes } from './close-codes.js';

export const pingIntervalMs = 25_000;
const slotCount = 25;
/** How long after the deadline one that was silent is looked at again. */
const secondLookSlots = 5;
/** Rounds in which not a byte of what we send was taken, after which the connection is cut: a quarter of an hour. */
const maxStuckRounds = 36;

/** A connection on the wheel. */
export interface Beating {
  readonly socket: WebSocket;
  readonly connection: Socket;
  slot: number;
  state: 'quiet' | 'asked' | 'suspect';
  heardBytes: number;
  takenBytes: number;
  stuckRounds: number;
}

export class Heartbeat {
  readonly #slots = Array.from({ length: slotCount }, () => new Set<Beating>());
  #timer: NodeJS.Timeout | undefined;
  readonly #intervalMs: number;
  #hand = 0;
  #nextSlot = 0;

  constructor(intervalMs: number = pingIntervalMs) {
    this.#intervalMs = intervalMs;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), this.#intervalMs / slotCount);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Connections that are watched. */
  get size(): number {
    return this.#slots.reduce((sum, { size }) => sum + size, 0);
  }

  /** @param connection beneath the socket. @returns what to `forget` when it is closed */
  watch(socket: WebSocket, connection: Socket): Beating {
    const slot = this.#nextSlot;
    this.#nextSlot = (slot + 1) % slotCount;
    const { bytesRead: heardBytes } = connection;
    const beating: Beating = { socket, connection, slot, state: 'quiet', heardBytes, takenBytes: 0, stuckRounds: 0 };
    this.#slots[slot]!.add(beating);
    return beating;
  }

  forget(beating: Beating): void {
    this.#slots[beating.slot]!.delete(beating);
  }

  #tick(): void {
    this.#hand = (this.#hand + 1) % slotCount;
    // Those that are to be looked at again leave for another slot meanwhile.
    for (const beating of this.#slots[this.#hand]!) this.#look(beating);
  }

  #look(beating: Beating): void {
    const { socket, connection } = beating;
    if (socket.readyState !== socket.OPEN) return;
    const { bytesRead } = connection;
    const isHeard = bytesRead !== beating.heardBytes;
    beating.heardBytes = bytesRead;
    const isStuck = isOutputStuck(beating);
    if (beating.stuckRounds >= maxStuckRounds) socket.terminate();
    else if (isStuck || socket.isPaused) beating.state = 'quiet';
    else if (isHeard || beating.state === 'quiet') ask(beating);
    else if (beating.state === 'asked') this.#suspect(beating);
    else end(beating);
  }

  #suspect(beating: Beating): void {
    this.forget(beating);
    beating.state = 'suspect';
    beating.slot = (this.#hand + secondLookSlots) % slotCount;
    this.#slots[beating.slot]!.add(beating);
  }
}

/** Whether something waits to be taken; counts how long nothing was. */
function isOutputStuck(beating: Beating): boolean {
  const { socket, connection } = beating;
  const waitingBytes = socket.bufferedAmount;
  const takenBytes = connection.bytesWritten - waitingBytes;
  const hasMoved = waitingBytes === 0 || takenBytes !== beating.takenBytes;
  beating.takenBytes = takenBytes;
  beating.stuckRounds = hasMoved ? 0 : beating.stuckRounds + 1;
  return waitingBytes > 0;
}

function ask(beating: Beating): void {
  beating.state = 'asked';
  beating.socket.ping();
}

function end({ socket }: Beating): void {
  socket.close(closeCodes.noPong, 'no pong');
  socket.terminate();
}
