/**
 * /v1/stream: a device's persistent connection. Each text frame is a batch of JSON, each binary frame one of the format that
 * the subprotocol names; answers keep the order of the frames.
 */
import type { WebSocket } from 'ws';
import type { Batch } from '../../domain/batch.js';
import type { StreamWelcome } from '../../domain/generated/stream-frames.js';
import { Refusal } from '../../domain/refusal.js';
import type { Ingest } from '../../pipeline/ingest.js';
import type { Inventory } from '../../ports/catalog.js';
import type { Clock } from '../../ports/clock.js';
import { OpenDevices } from '../open-devices.js';
import { Answers } from './answers.js';
import { closeCodes } from './close-codes.js';
import { pingIntervalMs } from './heartbeat.js';

const textType = 'application/json';
/** Format of binary frames by subprotocol. */
const binaryTypes = new Map([['inlet.v1.senml+cbor', 'application/senml+cbor']]);
/** Unacknowledged frames at which the server stops reading. */
export const maxInFlight = 64;
/** Bytes of answers that the device has not taken at which the server stops reading too. */
const maxUnreadAnswerBytes = 1024 * 1024;
const maxMalformedInRow = 10;

export interface StreamRooms {
  ingest: Ingest;
  inventory: Inventory;
  clock: Clock;
  maxFrameBytes: number;
  countMessages: (direction: 'in' | 'out', count: number) => void;
}

export class StreamConnection {
  readonly #socket: WebSocket;
  readonly #rooms: StreamRooms;
  readonly #answers = new Answers();
  readonly #devices: OpenDevices;
  #lastSeq = 0;
  #malformedInRow = 0;
  #answering: NodeJS.Immediate | undefined;
  readonly #onSent = () => this.#steer();

  constructor(socket: WebSocket, rooms: StreamRooms) {
    this.#socket = socket;
    this.#rooms = rooms;
    this.#devices = new OpenDevices(rooms.inventory);
  }

  start(): void {
    const binaryType = binaryTypes.get(this.#socket.protocol);
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => {
      const mediaType = isBinary ? binaryType : textType;
      if (mediaType !== undefined) this.#take(data, mediaType);
      else this.#socket.close(closeCodes.unsupportedData, 'binary frames were not agreed');
    });
    this.#socket.on('close', () => this.#devices.close());
    const welcome: StreamWelcome = {
      type: 'welcome',
      version: 1,
      maxInFlight,
      maxFrameBytes: this.#rooms.maxFrameBytes,
      pingIntervalMs,
      serverTime: this.#rooms.clock.now(),
    };
    this.#socket.send(JSON.stringify(welcome));
    this.#rooms.countMessages('out', 1);
  }

  #take(data: Buffer, mediaType: string): void {
    // ws still hands out what it had read when the connection was closed: those frames were never taken in.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#rooms.countMessages('in', 1);
    const batch = this.#rooms.ingest.decode(data, { mediaType, numbered: true });
    if (!this.#isRising(batch.seq)) {
      this.#socket.close(closeCodes.protocolError, 'seq must rise');
      return;
    }
    const settle = this.#answers.expect(batch.seq);
    if (batch instanceof Refusal) {
      settle(batch);
      this.#answerSoon();
    } else {
      void this.#ingest(batch, data.length, settle);
    }
    this.#countMalformed(batch);
    this.#steer();
  }

  /** Reads only as long as answers leave: neither what is not durable yet nor what the device does not take piles up. */
  #steer(): void {
    const isFull = this.#answers.size >= maxInFlight || this.#socket.bufferedAmount > maxUnreadAnswerBytes;
    if (isFull === this.#socket.isPaused) return;
    if (isFull) this.#socket.pause();
    else this.#socket.resume();
  }

  #isRising(seq: number | undefined): boolean {
    if (seq === undefined) return true;
    if (seq <= this.#lastSeq) return false;
    this.#lastSeq = seq;
    return true;
  }

  async #ingest(batch: Batch, bytes: number, settle: ReturnType<Answers['expect']>): Promise<void> {
    try {
      const outcome = await this.#rooms.ingest.accept(batch, bytes);
      settle(outcome instanceof Refusal ? outcome : outcome.receipt);
      this.#noteDevices(batch);
    } catch {
      // A bug of ours; the pipeline has logged it. The device must not take silence for an ack.
      settle(new Refusal('spool_failed', 'the frame could not be processed', 5000));
    }
    this.#answerSoon();
  }

  /** Once for all frames that are settled in this turn of the event loop. */
  #answerSoon(): void {
    if (this.#answering) return;
    this.#answering = setImmediate(() => {
      this.#answering = undefined;
      this.#answerNow();
      this.#steer();
    });
  }

  #answerNow(): void {
    const messages = this.#answers.take();
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    for (const message of messages) this.#socket.send(JSON.stringify(message), this.#onSent);
    this.#rooms.countMessages('out', messages.length);
  }

  #countMalformed(batch: Batch | Refusal): void {
    if (!(batch instanceof Refusal) || batch.code !== 'malformed') {
      this.#malformedInRow = 0;
      return;
    }
    if (++this.#malformedInRow < maxMalformedInRow) return;
    this.#answerNow();
    this.#socket.close(closeCodes.protocolError, `${maxMalformedInRow} malformed frames in a row`);
  }

  /** A device is online while it has an open stream. Looks at the envelope or the first reading: a stream is one device's. */
  #noteDevices(batch: Batch): void {
    const first = batch.readings[0] as { device?: unknown } | undefined;
    const device = first?.device ?? batch.device;
    if (typeof device === 'string') this.#devices.note(device);
  }
}
