/** Figures of MQTT for Prometheus, as they happen. */
import { Counter, Gauge, type Registry } from 'prom-client';

/** Through a broker, or on our own listener. */
export type Way = 'broker' | 'listener';

/** `rejected`: with at least one rejected reading; `refused`: a message that is no batch. */
export type MessageOutcome = 'accepted' | 'rejected' | 'refused';

/**
 * `bound`: too many connections; `too_large`: a packet; `topic`: published where it may not; `not_kept`: what it sent was
 * not made durable before the service stopped; `error`: a broken connection, or bytes that are not MQTT.
 */
export type CutReason = 'bound' | 'too_large' | 'topic' | 'not_kept' | 'error';

export class MqttMetrics {
  readonly #messages: Counter<'way' | 'outcome'>;
  /** The counter's parts by way and outcome; finding one by its labels costs more than what it counts. */
  readonly #counts = new Map<string, Counter.Internal>();
  readonly #held: Gauge<'way'>;
  readonly #connections: Gauge<'way'>;
  readonly #cut: Counter<'reason'>;
  readonly #lostReceipts: Counter<'way'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#messages = new Counter({
      name: 'inlet_mqtt_messages_total',
      help: 'MQTT messages that were answered for good.',
      labelNames: ['way', 'outcome'],
      registers,
    });
    this.#held = new Gauge({
      name: 'inlet_mqtt_held_messages',
      help: 'MQTT messages that wait, unacknowledged, until there is room for them.',
      labelNames: ['way'],
      registers,
    });
    this.#connections = new Gauge({
      name: 'inlet_mqtt_connections',
      help: "Connections to the broker that readings come by, and devices' connections to our own listener.",
      labelNames: ['way'],
      registers,
    });
    this.#cut = new Counter({
      name: 'inlet_mqtt_connections_cut_total',
      help: "Devices' connections to our own listener that were cut, by reason.",
      labelNames: ['reason'],
      registers,
    });
    this.#lostReceipts = new Counter({
      name: 'inlet_mqtt_receipts_lost_total',
      help: 'Receipts that nobody took: the broker was away, or the device did not read.',
      labelNames: ['way'],
      registers,
    });
  }

  messages(way: Way, outcome: MessageOutcome, count: number): void {
    const key = way + outcome;
    let counter = this.#counts.get(key);
    if (!counter) this.#counts.set(key, (counter = this.#messages.labels(way, outcome)));
    counter.inc(count);
  }

  held(way: Way, change: 1 | -1): void {
    this.#held.inc({ way }, change);
  }

  connectionsChanged(way: Way, change: 1 | -1): void {
    this.#connections.inc({ way }, change);
  }

  cut(reason: CutReason): void {
    this.#cut.inc({ reason });
  }

  lostReceipt(way: Way): void {
    this.#lostReceipts.inc({ way });
  }
}
