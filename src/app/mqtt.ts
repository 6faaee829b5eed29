/** Both ways in by MQTT, as the settings ask for them. */
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import type { Ingest } from '../pipeline/ingest.js';
import type { Inventory } from '../ports/catalog.js';
import type { Metrics } from '../transports/http/metrics.js';
import { BrokerIngress } from '../transports/mqtt/broker.js';
import { Intake } from '../transports/mqtt/intake.js';
import { MqttListener } from '../transports/mqtt/listener.js';
import { MqttMetrics } from '../transports/mqtt/metrics.js';

export interface MqttRooms {
  ingest: Ingest;
  inventory: Inventory;
  metrics: Metrics;
  log: Logger;
  instance: string;
  settings: Readonly<Settings>;
  /** To the listener. */
  maxConnections: number;
}

export interface Mqtt {
  /** Where the listener is, if there is one. */
  url: string | undefined;
  stop(): Promise<void>;
}

export async function startMqtt({
  ingest,
  inventory,
  metrics: { registry },
  log,
  instance,
  settings,
  maxConnections,
}: MqttRooms): Promise<Mqtt> {
  const { mqtt, maxBodyBytes: maxPayloadBytes } = settings;
  const metrics = new MqttMetrics(registry);
  const rooms = { metrics, log, maxPayloadBytes };
  const broker =
    mqtt.url === undefined
      ? undefined
      : new BrokerIngress({ ...rooms, intake: new Intake('broker', { ...rooms, ingest }), url: mqtt.url, instance });
  const listener =
    mqtt.listen === undefined
      ? undefined
      : new MqttListener({
          ...rooms,
          inventory,
          maxConnections,
          intake: new Intake('listener', { ...rooms, ingest }),
          ...mqtt.listen,
        });
  const url = await listener?.start();
  broker?.start();
  return {
    url,
    async stop() {
      await Promise.all([broker?.stop(), listener?.stop()]);
    },
  };
}
