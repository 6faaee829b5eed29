/**
 * One of the connections to the broker. By itself mqtt.js handles one message at a time and then sends its PUBACK; that
 * would be a sync of the disk for each. So its callback is called at once, with an error, which withholds the PUBACK and
 * lets the next message come; the PUBACK is written when the message is durable (or can never be taken), and only on
 * the connection that the message came by: on the next one its packet identifier may mean another message.
 *
 * Backpressure is not to call back: when enough is under way nothing more is read, and the broker keeps the rest.
 */
import { connect, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Receipt, Refusal } from '../../domain/refusal.js';
import { goesBackToVersion4 } from './broker-address.js';
import { answerOf, isWorthTelling } from './answer.js';
import type { Intake, Message } from './intake.js';
import type { MqttMetrics } from './metrics.js';
import { Pubacks, type Expected } from './pubacks.js';
import { deviceOfReadings, receiptsTopic, sharedReadings } from './topics.js';

/** Sent to this topic, retained: `online` when readings are taken, `offline` at the end. */
export interface Status {
  topic: string;
  online: string;
  offline: string;
}

export interface BrokerConnectionOptions {
  client: IClientOptions;
  /** One of the connections speaks for the instance. */
  status: Status | undefined;
  intake: Intake;
  metrics: MqttMetrics;
  /** Runs what must not happen on two connections at the same time. */
  inTurn: (work: () => Promise<void>) => Promise<void>;
  onTaking: (isTaking: boolean) => void;
  onTrouble: (reason: string) => void;
}

/**
 * Messages without a PUBACK, and their bytes, at which nothing more is read. A connection passes on no more than this in
 * the time of two syncs of the disk.
 */
export const maxMessagesUnderWay = 1024;
const maxBytesUnderWay = 4 * 1024 * 1024;
/** Receipts without the broker's PUBACK, beyond which further ones are dropped and counted. */
const maxUnackedReceipts = 1000;
const subscribeAgainMs = 5000;
/** A broker that does not answer is not waited for longer. */
const endWithinMs = 2000;

const withheld = new Error('the PUBACK is sent when the message is durable');

/** What is under way since the connection was opened. */
class Session {
  readonly gone = new AbortController();
  readonly pubacks = new Pubacks();
  messages = 0;
  bytes = 0;
  flushing: NodeJS.Immediate | undefined;
  /** There while nothing is read. */
  readOn: (() => void) | undefined;

  get isFull(): boolean {
    const messages = Math.max(this.messages, this.pubacks.size);
    return messages >= maxMessagesUnderWay || this.bytes >= maxBytesUnderWay;
  }
}

type OnSettled = (delivery: Delivery, outcome: Receipt | Refusal | undefined) => void;

/** A message on its way to its PUBACK. */
class Delivery implements Message, Expected {
  readonly device: string;
  readonly payload: Buffer;
  readonly packet: IPublishPacket;
  readonly session: Session;
  readonly packetId: number;
  state: Expected['state'] = 'open';
  readonly #onSettled: OnSettled;

  constructor(device: string, packet: IPublishPacket, session: Session, onSettled: OnSettled) {
    this.device = device;
    this.payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    this.packet = packet;
    this.session = session;
    // QoS 0 has none, and needs none.
    this.packetId = packet.messageId ?? 0;
    this.#onSettled = onSettled;
  }

  get contentType(): string | undefined {
    return this.packet.properties?.contentType;
  }

  get gone(): AbortSignal {
    return this.session.gone.signal;
  }

  settle(outcome: Receipt | Refusal | undefined): void {
    this.#onSettled(this, outcome);
  }
}

export class BrokerConnection {
  readonly #options: BrokerConnectionOptions;
  #client: MqttClient | undefined;
  #session = new Session();
  #isTaking = false;
  #isHolding = false;
  #unackedReceipts = 0;
  #pings: NodeJS.Timeout | undefined;

  constructor(options: BrokerConnectionOptions) {
    this.#options = options;
  }

  start(): void {
    const client = (this.#client = connect(this.#options.client));
    client.handleMessage = (packet, done) => this.#handle(packet, done);
    client.on('connect', () => void this.#connected(client));
    client.on('close', () => this.#closed());
    client.on('error', (error) => this.#failed(client, error));
    // While messages are held, nothing is read, so no answer to a ping is either: that must not look like a dead broker.
    this.#pings = setInterval(() => this.#keepAlive(client), ((client.options.keepalive ?? 60) * 1000) / 2);
  }

  /** From now on nothing more is read. */
  hold(): void {
    this.#isHolding = true;
  }

  async stop(): Promise<void> {
    clearInterval(this.#pings);
    const client = this.#client;
    const { status } = this.#options;
    if (!client) return;
    this.#flush(this.#session);
    if (status && client.connected) client.publish(status.topic, status.offline, { retain: true });
    // Not forced, a clean DISCONNECT: the broker keeps the session, and does not send the last will.
    const { stream } = client;
    const cut = setTimeout(() => stream.destroy(), endWithinMs);
    const closed = once(stream, 'close');
    // Nothing is read any more, so the broker's end of the connection would not be seen.
    stream.once('finish', () => stream.destroy());
    const ended = new Promise((resolve) => client.end(!client.connected, {}, resolve));
    await Promise.race([ended, closed]);
    clearTimeout(cut);
  }

  async #connected(client: MqttClient): Promise<void> {
    const { inTurn, status, onTrouble } = this.#options;
    const { gone } = (this.#session = new Session());
    while (!gone.signal.aborted) {
      try {
        await inTurn(() => this.#subscribe(client, gone.signal));
        if (gone.signal.aborted) return;
        this.#taking(true);
        if (status) client.publish(status.topic, status.online, { retain: true });
        return;
      } catch (error) {
        if (gone.signal.aborted) return;
        onTrouble(error instanceof Error ? error.message : String(error));
        await pause(subscribeAgainMs, undefined, { ref: false });
      }
    }
  }

  /**
   * After each connect, whatever the broker says of the session: after a restart Mosquitto 2.0.11 had forgotten shared
   * subscriptions of sessions that it had kept, and subscribing alone did not always bring them back. One connection at
   * a time, so that meanwhile the others have the subscription.
   */
  async #subscribe(client: MqttClient, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await client.unsubscribeAsync(sharedReadings);
    const [granted] = await client.subscribeAsync(sharedReadings, { qos: 1 });
    if (granted && granted.qos >= 128) throw new Error(`the broker refuses the subscription to ${sharedReadings}`);
  }

  #closed(): void {
    this.#session.gone.abort();
    this.#taking(false);
  }

  #failed(client: MqttClient, error: Error & { code?: unknown }): void {
    if (!goesBackToVersion4(client, error)) this.#options.onTrouble(error.message);
  }

  #taking(isTaking: boolean): void {
    if (this.#isTaking === isTaking) return;
    this.#isTaking = isTaking;
    this.#options.onTaking(isTaking);
  }

  #keepAlive(client: MqttClient): void {
    if (!this.#session.readOn || !client.connected) return;
    client.sendPing();
    client.reschedulePing(true);
  }

  #handle(packet: IPublishPacket, done: (error?: Error) => void): void {
    if (this.#isHolding) return;
    const session = this.#session;
    const device = deviceOfReadings(packet.topic);
    // Not one that was subscribed to: left from an earlier version's session, say.
    if (device === undefined) return done();
    const delivery = new Delivery(device, packet, session, this.#onSettled);
    session.bytes += delivery.payload.length;
    session.messages++;
    if (packet.qos > 0) session.pubacks.expect(delivery);
    this.#options.intake.take(delivery);
    if (session.isFull) session.readOn = () => done(withheld);
    else done(withheld);
  }

  readonly #onSettled: OnSettled = (delivery, outcome) => {
    const { session, packet, payload, device } = delivery;
    session.bytes -= payload.length;
    session.messages--;
    if (session.gone.signal.aborted) return;
    if (outcome !== undefined) this.#answer(packet, device, outcome);
    // The broker sends what has no PUBACK again with the next connection.
    delivery.state = outcome === undefined ? 'withheld' : 'ready';
    session.flushing ??= setImmediate(() => this.#flush(session));
  };

  /** Once for all messages that are settled in this turn of the event loop. */
  #flush(session: Session): void {
    session.flushing = undefined;
    if (session.gone.signal.aborted) return;
    const bytes = session.pubacks.take();
    if (bytes) this.#client?.stream.write(bytes);
    if (session.isFull || this.#isHolding) return;
    const { readOn } = session;
    session.readOn = undefined;
    readOn?.();
  }

  #answer(packet: IPublishPacket, device: string, outcome: Receipt | Refusal): void {
    const { responseTopic, correlationData } = packet.properties ?? {};
    const isAsked = responseTopic !== undefined && isTopicName(responseTopic);
    if (!isAsked && !isWorthTelling(outcome)) return;
    const { metrics } = this.#options;
    const client = this.#client!;
    if (!client.connected || this.#unackedReceipts >= maxUnackedReceipts) return metrics.lostReceipt('broker');
    const { payload, contentType } = answerOf(outcome);
    this.#unackedReceipts++;
    client.publish(
      isAsked ? responseTopic : receiptsTopic(device),
      payload,
      {
        qos: packet.qos === 0 ? 0 : 1,
        properties: { contentType, ...(isAsked && correlationData ? { correlationData } : {}) },
      },
      (error) => {
        this.#unackedReceipts--;
        if (error) metrics.lostReceipt('broker');
      },
    );
  }
}

/** A broker would end the connection of one who publishes to anything else, and with it the message would come back. */
function isTopicName(text: string): boolean {
  return text !== '' && text.length <= 1000 && !/[+#\0]/.test(text) && !text.startsWith('$');
}
