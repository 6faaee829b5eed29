/**
 * Finds connections whose other side is gone without a word. All of them stand on one wheel, so that pings are spread over
 * the interval. What has arrived since the last ping is a sign of life, a pong as well as a frame.
 *
 * There is no deadline while we do not read, or while what we send is not taken: the pong may be waiting where nobody
 * looks, or the ping. Such a time may have ended only just now, so one that is found silent is looked at once more.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { nowhere, Wheel, type OnWheel } from '../../domain/wheel.js';
import { closeCodes } from './close-codes.js';

export const pingIntervalMs = 25_000;
const slotCount = 25;
/** How long after the deadline one that was silent is looked at again. */
const secondLookSlots = 5;
/** Rounds in which not a byte of what we send was taken, after which the connection is cut: a quarter of an hour. */
const maxStuckRounds = 36;

/** A connection on the wheel. */
export interface Beating extends OnWheel {
  readonly socket: WebSocket;
  readonly connection: Socket;
  state: 'quiet' | 'asked' | 'suspect';
  heardBytes: number;
  takenBytes: number;
  stuckRounds: number;
}

export class Heartbeat {
  readonly #wheel: Wheel<Beating>;

  constructor(intervalMs: number = pingIntervalMs) {
    this.#wheel = new Wheel(slotCount, intervalMs / slotCount, (beating) => this.#look(beating));
  }

  start(): void {
    this.#wheel.start();
  }

  stop(): void {
    this.#wheel.stop();
  }

  /** Connections that are watched. */
  get size(): number {
    return this.#wheel.size;
  }

  /** @param connection beneath the socket. @returns what to `forget` when it is closed */
  watch(socket: WebSocket, connection: Socket): Beating {
    const { bytesRead: heardBytes } = connection;
    const beating: Beating = {
      socket,
      connection,
      slot: nowhere,
      state: 'quiet',
      heardBytes,
      takenBytes: 0,
      stuckRounds: 0,
    };
    this.#wheel.add(beating);
    return beating;
  }

  forget(beating: Beating): void {
    this.#wheel.remove(beating);
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
    beating.state = 'suspect';
    this.#wheel.place(beating, secondLookSlots);
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
