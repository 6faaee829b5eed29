/**
 * A device that publishes its readings by MQTT, QoS 1, to `inlet/v1/readings/DEVICE`.
 *
 *     const device = new MqttDevice({ url: 'mqtt://127.0.0.1:1883', connect, onReceipt: ({ accepted }) => … });
 *
 * The library that speaks MQTT is given to it: `connect` makes one connection with a session of its own, and tells what
 * becomes of it. Each `send` is a message. An answer is the PUBACK: of Inlet's own listener it says that the readings are
 * on disk, of a broker what the broker promises. What had no PUBACK when a connection broke is published again, in order,
 * before anything new.
 *
 * In another format than JSON a message has to say its content type, which takes MQTT 5: a device that finds an older
 * server gives up.
 *
 * Inlet's own listener says before the PUBACK what it rejected, and then the answer has it. Behind a broker that comes
 * later, and is not followed here.
 */
import { Backoff, type BackoffOptions } from './backoff.js';
import { inReadings, jsonFormat, type BatchFormat, type EncodedBatch } from './batch-format.js';
import { DeviceBuffer } from './device-buffer.js';
import { DeviceLife } from './device-life.js';
import type { Device, DeviceEvents, Refused } from './device.js';
import type { MqttConnect, MqttConnection } from './mqtt-connection.js';
import { groupByDevice, readReceipt, type DeviceReceipt } from './mqtt-messages.js';
import { Stamper, type OutgoingReading } from './outgoing-reading.js';

export interface MqttDeviceOptions extends DeviceEvents {
  /** `mqtt://HOST:PORT` or `mqtts://HOST:PORT`, of Inlet's own listener or of a broker. */
  url: string;
  connect: MqttConnect;
  /** The password. */
  token?: string;
  /** JSON when it is left out. */
  format?: BatchFormat;
  /** Messages without a PUBACK at most. */
  maxInFlight?: number;
  /** Readings without an answer at most; `send` waits beyond that. */
  maxBufferedReadings?: number;
  backoff?: BackoffOptions;
}

interface Message {
  id: string;
  device: string;
  readings: readonly OutgoingReading[];
  encoded: EncodedBatch;
  firstSentAtMs?: number;
  receipt?: DeviceReceipt;
}

/** PUBACK of MQTT 5: the broker has nobody to give it to, so nobody has it. From here on reasons are failures. */
const noMatchingSubscribers = 16;
/** What is not told of rejections had none. */
const nothingRejected = { rejected: 0 };

export class MqttDevice implements Device {
  readonly #options: MqttDeviceOptions;
  readonly #format: BatchFormat;
  readonly #buffer: DeviceBuffer;
  readonly #backoff: Backoff;
  readonly #stamper = new Stamper();
  /** In order; the first ones are on their way. */
  #waiting: Message[] = [];
  #onTheirWay = new Map<string, Message>();
  #connection: MqttConnection | undefined;
  #isOpen = false;
  #subscribed = new Set<string>();
  #lastId = 0;
  readonly #life: DeviceLife;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: MqttDeviceOptions) {
    this.#options = options;
    this.#life = new DeviceLife(options);
    this.#format = options.format ?? jsonFormat;
    this.#buffer = new DeviceBuffer(options.maxBufferedReadings ?? 10_000);
    this.#backoff = new Backoff(options.backoff);
  }

  start(): void {
    this.#connect();
  }

  async send(readings: readonly OutgoingReading[]): Promise<void> {
    if (readings.length === 0) return;
    const stamped = readings.map((reading) => this.#stamper.stamp(reading));
    await this.#buffer.admit(stamped.length, () => {
      for (const [device, own] of groupByDevice(stamped)) {
        const id = String(++this.#lastId);
        this.#waiting.push({ id, device, readings: own, encoded: this.#format.encode(own, { id }) });
      }
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
    return [...this.#onTheirWay.values(), ...this.#waiting].flatMap(({ readings }) => [...readings]);
  }

  #connect(): void {
    this.#life.enter('connecting');
    const { url, token, connect } = this.#options;
    const connection = connect(
      { url, token },
      {
        onOpen: (saysContentTypes) => this.#ifCurrent(connection, () => this.#opened(saysContentTypes)),
        onMessage: (payload) => this.#ifCurrent(connection, () => this.#take(payload)),
        onClose: (reason) => this.#ifCurrent(connection, () => this.#goDown(reason)),
      },
    );
    this.#connection = connection;
  }

  #ifCurrent(connection: MqttConnection, act: () => void): void {
    if (this.#connection === connection) act();
  }

  #opened(saysContentTypes: boolean): void {
    if (this.#contentType !== undefined && !saysContentTypes) {
      this.#life.enter('failed');
      const message = `the server does not speak MQTT 5, and cannot be told of ${this.#contentType}: send JSON, or publish through a broker that does`;
      return this.#end({ code: 'unsupported_media_type', message });
    }
    this.#isOpen = true;
    this.#life.enter('online');
    this.#pump();
  }

  /** Publishes what may be on its way. */
  #pump(): void {
    const { maxInFlight = 64 } = this.#options;
    const connection = this.#connection;
    if (!connection) return;
    while (this.#isOpen && this.#onTheirWay.size < maxInFlight) {
      const message = this.#waiting.shift();
      if (!message) return;
      message.firstSentAtMs ??= performance.now();
      this.#onTheirWay.set(message.id, message);
      if (!this.#subscribed.has(message.device)) connection.subscribe(`inlet/v1/receipts/${message.device}`);
      this.#subscribed.add(message.device);
      const contentType = this.#contentType;
      const topic = `inlet/v1/readings/${message.device}`;
      const outgoing = { topic, payload: message.encoded.body, ...(contentType === undefined ? {} : { contentType }) };
      connection.publish(outgoing, (reason) => this.#ifCurrent(connection, () => this.#acked(message, reason)));
    }
  }

  /** Undefined where it need not be said. */
  get #contentType(): string | undefined {
    const { mediaType } = this.#format;
    return mediaType === jsonFormat.mediaType ? undefined : mediaType;
  }

  #take(payload: string): void {
    const receipt = readReceipt(payload);
    const message = receipt && this.#onTheirWay.get(receipt.id);
    if (message) message.receipt = receipt;
  }

  #acked(message: Message, reason: number): void {
    if (reason >= noMatchingSubscribers) {
      return this.#goDown({ code: `mqtt_${reason}`, message: 'the broker did not pass the message on' });
    }
    this.#onTheirWay.delete(message.id);
    this.#backoff.reset();
    const { readings, encoded, receipt = nothingRejected, firstSentAtMs = 0 } = message;
    const { accepted, rejected, results: rejections = [] } = inReadings(receipt, readings, encoded);
    const latencyMs = performance.now() - firstSentAtMs;
    this.#options.onReceipt?.({ readings, accepted, rejected, rejections, latencyMs });
    this.#buffer.release(readings.length);
    this.#pump();
  }

  #goDown(reason: Refused): void {
    this.#disconnect();
    const unanswered = [...this.#onTheirWay.values()];
    this.#onTheirWay = new Map();
    this.#waiting = [...unanswered, ...this.#waiting];
    const delayMs = this.#backoff.nextMs();
    this.#life.enter('waiting');
    const readings = unanswered.reduce((sum, message) => sum + message.readings.length, 0);
    this.#options.onRetry?.({ ...reason, readings, delayMs });
    this.#retryTimer = setTimeout(() => this.#connect(), delayMs);
  }

  #end(refused: Refused): void {
    this.#disconnect();
    this.#buffer.fail(refused);
  }

  /** From here on nothing of the present connection is listened to. */
  #disconnect(): void {
    clearTimeout(this.#retryTimer);
    const connection = this.#connection;
    this.#connection = undefined;
    this.#isOpen = false;
    this.#subscribed = new Set();
    connection?.close();
  }
}
