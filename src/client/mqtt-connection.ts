/** What a device needs of an MQTT library: one connection, with a session that ends with it. */
import type { Refused } from './device.js';

export interface MqttConnection {
  /** QoS 1. @param acked called once, with PUBACK's reason (0 by MQTT 3.1.1), or never when the connection ends before */
  publish(message: OutgoingMessage, acked: (reason: number) => void): void;
  subscribe(topic: string): void;
  close(): void;
}

export interface OutgoingMessage {
  topic: string;
  payload: string | Uint8Array;
  /** Where it is not JSON. */
  contentType?: string;
}

export interface MqttConnectionEvents {
  /** @param saysContentTypes whether messages may have a content type, as by MQTT 5 */
  onOpen(saysContentTypes: boolean): void;
  /** On any subscribed topic. */
  onMessage(payload: string): void;
  /** It could not be opened, or is gone. */
  onClose(reason: Refused): void;
}

/** Opens a connection, and calls nothing before it has returned. */
export type MqttConnect = (
  server: { url: string; token: string | undefined },
  events: MqttConnectionEvents,
) => MqttConnection;
