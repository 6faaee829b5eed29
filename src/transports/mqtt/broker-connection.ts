/**
 * One of the connections to the broker. mqtt.js hands out a message and waits for its callback before the next one, so
 * what is held here is backpressure: nothing more is read, and the broker keeps the rest.
 *
 * The callback is what sends the PUBACK. It is called when the message is durable (or can never be taken), and only on
 * the connection that the message came by: on the next one its packet identifier may mean another message.
 */
import { connect, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Receipt, Refusal } from '../../domain/refusal.js';
import { answerOf, isWorthTelling } from './answer.js';
import type { Intake } from './intake.js';
import type { MqttMetrics } from './metrics.js';
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

/** Receipts without the broker's PUBACK, beyond which further ones are dropped and counted. */
const maxUnackedReceipts = 1000;
const subscribeAgainMs = 5000;
/** A broker that does not answer is not waited for longer. */
const endWithinMs = 2000;
/** CONNACK reasons of brokers that do not speak MQTT 5: 3.1.1's own code, and 5's. */
const unsupportedVersion = new Set([1, 132]);

export class BrokerConnection {
  readonly #options: BrokerConnectionOptions;
  #client: MqttClient | undefined;
  #gone = new AbortController();
  #isTaking = false;
  #isHandling = false;
  #unackedReceipts = 0;
  #pings: NodeJS.Timeout | undefined;

  constructor(options: BrokerConnectionOptions) {
    this.#options = options;
  }

  start(): void {
    const client = (this.#client = connect(this.#options.client));
    client.handleMessage = (packet, done) => void this.#handle(packet, done);
    client.on('connect', () => void this.#connected(client));
    client.on('close', () => this.#closed());
    client.on('error', (error) => this.#failed(client, error));
    // While a message is held, nothing is read, so no answer to a ping is either: that must not look like a dead broker.
    this.#pings = setInterval(() => this.#keepAlive(client), ((client.options.keepalive ?? 60) * 1000) / 2);
  }

  async stop(): Promise<void> {
    clearInterval(this.#pings);
    const client = this.#client;
    const { status } = this.#options;
    if (!client) return;
    if (status && client.connected) client.publish(status.topic, status.offline, { retain: true });
    // Not forced, a clean DISCONNECT: the broker keeps the session, and does not send the last will.
    const cut = setTimeout(() => client.stream.destroy(), endWithinMs);
    const ended = new Promise((resolve) => client.end(!client.connected, {}, resolve));
    await Promise.race([ended, once(client.stream, 'close')]);
    clearTimeout(cut);
  }

  async #connected(client: MqttClient): Promise<void> {
    const { inTurn, status, onTrouble } = this.#options;
    const gone = (this.#gone = new AbortController());
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
    this.#gone.abort();
    this.#isHandling = false;
    this.#taking(false);
  }

  #failed(client: MqttClient, error: Error & { code?: unknown }): void {
    if (client.options.protocolVersion === 5 && unsupportedVersion.has(error.code as number)) {
      client.options.protocolVersion = 4;
      delete client.options.properties;
      delete client.options.will?.properties;
      return;
    }
    this.#options.onTrouble(error.message);
  }

  #taking(isTaking: boolean): void {
    if (this.#isTaking === isTaking) return;
    this.#isTaking = isTaking;
    this.#options.onTaking(isTaking);
  }

  #keepAlive(client: MqttClient): void {
    if (!this.#isHandling || !client.connected) return;
    client.sendPing();
    client.reschedulePing(true);
  }

  async #handle(packet: IPublishPacket, done: (error?: Error) => void): Promise<void> {
    const { signal } = this.#gone;
    const device = deviceOfReadings(packet.topic);
    // Not one that was subscribed to: left from an earlier version's session, say.
    if (device === undefined) return done();
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    const { contentType } = packet.properties ?? {};
    this.#isHandling = true;
    const outcome = await this.#options.intake.take({ device, payload, contentType }, signal);
    if (signal.aborted) return;
    this.#isHandling = false;
    // An error only withholds the PUBACK; the broker sends the message again with the next connection.
    if (outcome === undefined) return done(new Error('nothing of it was kept'));
    this.#answer(packet, device, outcome);
    done();
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
