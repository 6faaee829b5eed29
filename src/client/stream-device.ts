/**
 * A device that streams its readings over one WebSocket, `/v1/stream`.
 *
 *     const device = new StreamDevice({ url: 'http://127.0.0.1:8080', onReceipt: ({ accepted }) => console.log(accepted) });
 *     device.start();
 *     await device.send([{ device: 'boiler-7', type: 'machine', fields: { temperature: 73.9 } }]);
 *     await device.flush();
 *     device.stop();
 *
 * Each `send` is a frame. At most `maxInFlight` frames, as the server's welcome says, are without an answer; the others
 * wait here, and when the buffer is full `send` itself waits. After a break everything unanswered goes again, and after a
 * refusal that passes all that was sent behind it too: so what is sent again never overtakes, and where two readings have
 * the same identity the one handed over last wins. What the server had stored already is not stored twice.
 */
import { Backoff } from './backoff.js';
import { inReadings, jsonFormat, type BatchFormat } from './batch-format.js';
import { DeviceBuffer } from './device-buffer.js';
import { DeviceLife } from './device-life.js';
import type { Device, DeviceEvents, Refused } from './device.js';
import { Stamper, type OutgoingReading } from './outgoing-reading.js';
import { PersistentSocket, type SocketOptions } from './persistent-socket.js';
import { readStreamFrame, subprotocols, type Ack, type StreamError, type Welcome } from './stream-frames.js';
import { StreamWindow, type Frame } from './stream-window.js';

export interface StreamDeviceOptions extends SocketOptions, DeviceEvents {
  /** JSON when it is left out; or one whose media type is agreed for binary frames, `application/senml+cbor`. */
  format?: BatchFormat;
  /** Readings without an answer at most; `send` waits beyond that. */
  maxBufferedReadings?: number;
  /** A connection that answers nothing for so long, while an answer is due, is given up. */
  ackTimeoutMs?: number;
}

/** Refusals that pass; after any other the frame is given up. */
const temporary = new Set(['spool_full', 'spool_failed', 'rate_limited', 'stopping']);

export class StreamDevice implements Device {
  readonly #options: StreamDeviceOptions;
  readonly #format: BatchFormat;
  readonly #socket: PersistentSocket;
  readonly #buffer: DeviceBuffer;
  readonly #window = new StreamWindow();
  readonly #stamper = new Stamper();
  readonly #holdBackoff: Backoff;
  /** Frames not on their way yet. */
  #waiting: Frame[] = [];
  #welcome: Welcome | undefined;
  readonly #life: DeviceLife;
  #ackTimer: ReturnType<typeof setTimeout> | undefined;
  #holdTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: StreamDeviceOptions) {
    this.#options = options;
    this.#life = new DeviceLife(options);
    this.#buffer = new DeviceBuffer(options.maxBufferedReadings ?? 10_000);
    this.#holdBackoff = new Backoff(options.backoff);
    this.#format = options.format ?? jsonFormat;
    const route = { path: '/v1/stream', subprotocol: subprotocols.get(this.#format.mediaType) };
    this.#socket = new PersistentSocket(route, options, {
      onConnecting: () => this.#life.enter('connecting'),
      onOpen: () => this.#expectAnswer(),
      onMessage: (message) => this.#receive(message),
      onDown: (reason, delayMs) => this.#goDown(reason, delayMs),
      onEnd: (reason) => this.#fail(reason),
    });
  }

  /** @throws TypeError where no frame may be of the format */
  start(): void {
    const { mediaType } = this.#format;
    if (mediaType !== jsonFormat.mediaType && !subprotocols.has(mediaType)) {
      throw new TypeError(`A stream has no frames of ${mediaType}: post it, or publish it by MQTT`);
    }
    this.#socket.start();
  }

  async send(readings: readonly OutgoingReading[]): Promise<void> {
    if (readings.length === 0) return;
    const frame = { readings: readings.map((reading) => this.#stamper.stamp(reading)) };
    await this.#buffer.admit(readings.length, () => {
      this.#waiting.push(frame);
      this.#pump();
    });
  }

  async flush(): Promise<void> {
    await this.#buffer.drained();
  }

  stop(): void {
    if (this.#life.isOver) return;
    this.#life.enter('stopped');
    this.#end({ code: 'closed', message: 'the device was stopped' });
  }

  unacked(): OutgoingReading[] {
    return [...this.#window.frames(), ...this.#waiting].flatMap(({ readings }) => [...readings]);
  }

  /** Sends what the window has room for. */
  #pump(): void {
    while (this.#welcome && !this.#holdTimer && this.#window.size < this.#welcome.maxInFlight) {
      const frame = this.#waiting.shift();
      if (!frame) return;
      // Each time it is sent it has another number.
      const encoded = this.#format.encode(frame.readings, { seq: this.#window.nextSeq });
      if (isLargerThan(encoded.body, this.#welcome.maxFrameBytes)) {
        this.#splitOrRefuse(frame, { code: 'too_large', message: 'one reading is larger than a frame may be' });
        continue;
      }
      frame.firstSentAtMs ??= performance.now();
      this.#window.add(frame, encoded);
      this.#socket.send(encoded.body);
      if (this.#window.size === 1) this.#expectAnswer();
    }
  }

  #receive(message: Record<string, unknown>): void {
    const frame = readStreamFrame(message);
    if (frame?.type === 'welcome') this.#takeWelcome(frame);
    else if (frame?.type === 'ack') this.#takeAck(frame);
    else if (frame?.type === 'error') this.#takeError(frame);
    else this.#socket.drop({ code: 'protocol', message: 'the server sent a frame that is none of the stream' });
  }

  #takeWelcome(welcome: Welcome): void {
    clearTimeout(this.#ackTimer);
    this.#welcome = welcome;
    this.#life.enter('online');
    this.#pump();
  }

  #takeAck(ack: Ack): void {
    const answered = this.#window.acknowledge(ack);
    if (!answered)
      return this.#socket.drop({ code: 'protocol', message: `ack ${ack.seq} does not match what was sent` });
    this.#answered();
    for (const { frame, encoded } of answered) {
      const { readings, firstSentAtMs = 0 } = frame;
      const { accepted, rejected, results: rejections = [] } = inReadings(ack, readings, encoded);
      const latencyMs = performance.now() - firstSentAtMs;
      this.#options.onReceipt?.({ readings, accepted, rejected, rejections, latencyMs });
      this.#buffer.release(readings.length);
    }
    this.#pump();
  }

  #takeError(error: StreamError): void {
    const refused = error.seq === undefined ? undefined : this.#window.refuse(error.seq);
    if (!refused) return this.#socket.drop({ code: error.code, message: error.message });
    if (!refused.isSuperseded) this.#takeRefusal(refused.frame, error);
    this.#expectAnswer();
    this.#pump();
  }

  #takeRefusal(frame: Frame, error: StreamError): void {
    const hasToWait = temporary.has(error.code);
    if (!hasToWait && error.code !== 'too_many_readings') return this.#refuse(frame, error);
    // What was sent behind it may be accepted already. It goes again, behind it, so that the order stays.
    const behind = this.#window.supersede();
    this.#waiting = [...behind, ...this.#waiting];
    if (!hasToWait) return this.#splitOrRefuse(frame, error);
    this.#waiting.unshift(frame);
    this.#hold(error, countReadings([frame, ...behind]));
  }

  /** Sends nothing for as long as the server asked. */
  #hold({ code, message, retryAfterMs }: StreamError, readings: number): void {
    clearTimeout(this.#holdTimer);
    const delayMs = this.#holdBackoff.nextMs(retryAfterMs);
    this.#holdTimer = setTimeout(() => {
      this.#holdTimer = undefined;
      this.#pump();
    }, delayMs);
    this.#options.onRetry?.({ code, message, readings, delayMs });
  }

  #splitOrRefuse(frame: Frame, refused: Refused): void {
    const { readings } = frame;
    if (readings.length === 1) return this.#refuse(frame, refused);
    const middle = Math.ceil(readings.length / 2);
    this.#waiting.unshift({ readings: readings.slice(0, middle) }, { readings: readings.slice(middle) });
  }

  #refuse(frame: Frame, { code, message }: Refused): void {
    this.#options.onRefused?.(frame.readings, { code, message });
    this.#buffer.release(frame.readings.length);
  }

  #answered(): void {
    this.#socket.healthy();
    this.#holdBackoff.reset();
    this.#expectAnswer();
  }

  /** From now on the server has `ackTimeoutMs` to say something, if anything is to be said. */
  #expectAnswer(): void {
    clearTimeout(this.#ackTimer);
    if (this.#welcome && this.#window.size === 0) return;
    const timeoutMs = this.#options.ackTimeoutMs ?? 30_000;
    this.#ackTimer = setTimeout(() => {
      this.#socket.drop({ code: 'timeout', message: `no answer for ${timeoutMs} ms` });
    }, timeoutMs);
  }

  #goDown(reason: Refused, delayMs: number): void {
    this.#disconnect();
    const frames = this.#window.drain();
    this.#waiting = [...frames, ...this.#waiting];
    this.#life.enter('waiting');
    this.#options.onRetry?.({ ...reason, readings: countReadings(frames), delayMs });
  }

  #disconnect(): void {
    this.#welcome = undefined;
    clearTimeout(this.#ackTimer);
    clearTimeout(this.#holdTimer);
    this.#holdTimer = undefined;
  }

  #fail(refused: Refused): void {
    this.#life.enter('failed');
    this.#end(refused);
  }

  #end(refused: Refused): void {
    this.#disconnect();
    this.#socket.stop();
    this.#buffer.fail(refused);
  }
}

function countReadings(frames: readonly Frame[]): number {
  return frames.reduce((sum, { readings }) => sum + readings.length, 0);
}

/** Looks at the bytes only where the answer depends on them: a UTF-16 unit is 1 to 3 bytes of UTF-8. */
function isLargerThan(body: string | Uint8Array, maxBytes: number): boolean {
  if (body.length > maxBytes) return true;
  if (typeof body !== 'string' || body.length * 3 <= maxBytes) return false;
  return new TextEncoder().encode(body).length > maxBytes;
}
