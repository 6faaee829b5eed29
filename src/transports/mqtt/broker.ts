/**
 * Readings through a broker, by several connections that share one subscription.
 * Sessions are kept (by client identifiers that stay the same, `inlet-INSTANCE-N`), so what is published while Inlet is
 * away waits at the broker, as far as that keeps it.
 */
import type { IClientOptions } from 'mqtt';
import type { Log } from '../../ports/log.js';
import { brokerOptions } from './broker-address.js';
import { BrokerConnection, maxMessagesUnderWay, type Status } from './broker-connection.js';
import type { Intake } from './intake.js';
import type { MqttMetrics } from './metrics.js';
import { statusTopic } from './topics.js';

export interface BrokerRooms {
  intake: Intake;
  metrics: MqttMetrics;
  log: Log;
  /** `mqtt://user:password@host:port` or `mqtts://…`. */
  url: string;
  instance: string;
  maxPayloadBytes: number;
}

/** While one of them subscribes anew, the others are there. Never less in a later version: a session that nobody comes
 * back to would go on getting its share. */
export const brokerConnections = 4;
/** For how long the broker keeps the session, and what comes meanwhile, of an instance that is away. */
const sessionExpirySeconds = 7 * 24 * 3600;
/** Packets of up to this much more than the largest payload are still sent to us, and answered with `too_large`. */
const packetAllowanceBytes = 128 * 1024;
/** A connection that comes back sooner was not away. */
const willDelaySeconds = 5;

export class BrokerIngress {
  readonly #rooms: BrokerRooms;
  readonly #connections: BrokerConnection[] = [];
  #taking = 0;
  #trouble: string | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(rooms: BrokerRooms) {
    this.#rooms = rooms;
  }

  /** Returns at once: a broker that is away is tried again until it is there. */
  start(): void {
    const { intake, metrics } = this.#rooms;
    for (let number = 1; number <= brokerConnections; number++) {
      const status = number === 1 ? this.#status() : undefined;
      const connection = new BrokerConnection({
        client: this.#clientOptions(number, status),
        status,
        intake,
        metrics,
        inTurn: (work) => this.#inTurn(work),
        onTaking: (isTaking) => this.#count(isTaking),
        onTrouble: (reason) => this.#warn(reason),
      });
      this.#connections.push(connection);
      connection.start();
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const connection of this.#connections) connection.hold();
    await this.#rooms.intake.stop();
    await Promise.all(this.#connections.map((connection) => connection.stop()));
  }

  #status(): Status {
    const { instance } = this.#rooms;
    const state = (state: string) => JSON.stringify({ instance, state });
    return { topic: statusTopic(instance), online: state('online'), offline: state('offline') };
  }

  #clientOptions(number: number, status: Status | undefined): IClientOptions {
    const { url, instance, maxPayloadBytes } = this.#rooms;
    return {
      ...brokerOptions(url),
      clientId: `inlet-${instance}-${number}`,
      clean: false,
      properties: {
        sessionExpiryInterval: sessionExpirySeconds,
        // What the broker may have sent without a PUBACK (MQTT 5 §3.1.2.11.3).
        receiveMaximum: maxMessagesUnderWay,
        maximumPacketSize: maxPayloadBytes + packetAllowanceBytes,
      },
      ...(status && {
        will: {
          topic: status.topic,
          payload: Buffer.from(status.offline),
          qos: 0,
          retain: true,
          properties: { willDelayInterval: willDelaySeconds },
        },
      }),
    };
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #count(isTaking: boolean): void {
    const { metrics, log } = this.#rooms;
    const before = this.#taking;
    this.#taking += isTaking ? 1 : -1;
    metrics.connectionsChanged('broker', isTaking ? 1 : -1);
    if (this.#taking === brokerConnections) this.#trouble = undefined;
    if (before === 0) {
      log.info({}, 'readings are taken from the MQTT broker');
    } else if (this.#taking === 0 && !this.#isStopping) {
      log.warn({}, 'the MQTT broker is away; it is tried again until it is there');
    }
  }

  /** Once for each kind of trouble in a row: all connections have the same, and again twice a second. */
  #warn(reason: string): void {
    if (this.#isStopping || reason === this.#trouble) return;
    this.#trouble = reason;
    this.#rooms.log.warn({ reason }, 'trouble with the MQTT broker; it is tried again');
  }
}
