/**
 * A connection to the broker that instances give each other their readings by, and other programs get them by. Everything is
 * QoS 0, and nothing waits for a broker that is away or slow: what cannot be sent now is not sent.
 */
import { connect, type IPublishPacket, type MqttClient } from 'mqtt';
import type { Log } from '../../ports/log.js';
import type { BusEvents, MessageBus } from '../../ports/message-bus.js';
import { brokerOptions, goesBackToVersion4 } from './broker-address.js';

export interface BusConnectionRooms {
  url: string;
  clientId: string;
  /** `own`: whether what this connection publishes there is to come back to it. */
  subscriptions: readonly { topic: string; own: boolean }[];
  will: { topic: string; payload: Buffer } | undefined;
  log: Log;
  /** Bytes that the broker has not taken; with more, nothing is sent. */
  maxUnsentBytes: number;
}

const subscribeAgainMs = 5_000;
const endWithinMs = 2_000;

export class BusConnection implements MessageBus {
  readonly #rooms: BusConnectionRooms;
  #client: MqttClient | undefined;
  #trouble: string | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(rooms: BusConnectionRooms) {
    this.#rooms = rooms;
  }

  start(events: BusEvents): void {
    const { url, clientId, will } = this.#rooms;
    const client = (this.#client = connect({
      ...brokerOptions(url),
      clientId,
      clean: true,
      ...(will && { will: { ...will, qos: 0, retain: false } }),
    }));
    client.handleMessage = (packet: IPublishPacket, done) => {
      const { topic, payload } = packet;
      events.onMessage(topic, typeof payload === 'string' ? Buffer.from(payload) : payload);
      done();
    };
    client.on('connect', () => void this.#subscribe(client, events));
    client.on('close', () => {
      clearTimeout(this.#retry);
      events.onOffline();
    });
    client.on('error', (error) => {
      if (!goesBackToVersion4(client, error as Error & { code?: unknown })) this.#warn(error.message);
    });
  }

  send(topic: string, payload: Buffer, isKept = false): boolean {
    const client = this.#client;
    // What the broker has kept may come with its answer to the subscription, and be asked about before that is looked at.
    if (!client?.connected || client.stream.writableLength > this.#rooms.maxUnsentBytes) return false;
    client.publish(topic, payload, { qos: 0, retain: isKept });
    return true;
  }

  /** What was sent goes out first. */
  async stop(): Promise<void> {
    const client = this.#client;
    if (!client) return;
    clearTimeout(this.#retry);
    const cut = setTimeout(() => client.stream.destroy(), endWithinMs);
    await new Promise<void>((resolve) => client.end(!client.connected, {}, () => resolve()));
    clearTimeout(cut);
  }

  async #subscribe(client: MqttClient, events: BusEvents): Promise<void> {
    const { subscriptions } = this.#rooms;
    try {
      if (subscriptions.length > 0) {
        const hasNoLocal = client.options.protocolVersion === 5;
        const asked = subscriptions.map(({ topic, own }) => [
          topic,
          { qos: 0 as const, ...(hasNoLocal && { nl: !own }) },
        ]);
        const granted = await client.subscribeAsync(Object.fromEntries(asked));
        const refused = granted.find(({ qos }) => qos >= 128);
        if (refused) throw new Error(`the broker refuses the subscription to ${refused.topic}`);
      }
      if (!client.connected) return;
      this.#trouble = undefined;
      events.onOnline();
    } catch (error) {
      if (!client.connected) return;
      this.#warn(error instanceof Error ? error.message : String(error));
      this.#retry = setTimeout(() => void this.#subscribe(client, events), subscribeAgainMs);
    }
  }

  /** Once for each kind of trouble in a row. */
  #warn(reason: string): void {
    if (reason === this.#trouble) return;
    this.#trouble = reason;
    this.#rooms.log.warn({ reason }, 'trouble with the MQTT broker of the live bus; it is tried again');
  }
}
