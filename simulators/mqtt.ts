/** mqtt.js as the connections of an MqttDevice: MQTT 5, and 3.1.1 where the server has nothing newer. */
import { connect, type ErrorWithReasonCode, type MqttClient } from 'mqtt';
import type { MqttConnect, MqttConnectionEvents } from '../src/client/index.js';

const connectWithinMs = 10_000;
const unsupportedVersion = new Set([1, 132]);

export function mqttConnect(): MqttConnect {
  // Once for all connections of a device: the server will not be another.
  let protocolVersion: 4 | 5 = 5;
  return ({ url, token }, events) => {
    const client = connect(url, {
      protocolVersion,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: connectWithinMs,
      ...(token === undefined ? {} : { username: 'device', password: token }),
    });
    client.on('error', (error) => {
      if (unsupportedVersion.has((error as ErrorWithReasonCode).code)) protocolVersion = 4;
    });
    listen(client, events);
    return connectionOf(client);
  };
}

function listen(client: MqttClient, events: MqttConnectionEvents): void {
  let trouble = 'the connection was closed';
  client.on('connect', () => events.onOpen(client.options.protocolVersion === 5));
  client.on('message', (_, payload) => events.onMessage(payload.toString()));
  client.on('error', (error) => (trouble = error.message));
  client.on('close', () => events.onClose({ code: 'network', message: trouble }));
}

function connectionOf(client: MqttClient): ReturnType<MqttConnect> {
  // The library gives a PUBACK's reason to who looks at packets only, just before it calls back.
  let reason = 0;
  client.on('packetreceive', (packet) => {
    if (packet.cmd === 'puback') reason = packet.reasonCode ?? 0;
  });
  return {
    publish({ topic, payload, contentType }, acked) {
      const content =
        typeof payload === 'string' ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.length);
      const properties = contentType === undefined ? {} : { properties: { contentType } };
      client.publish(topic, content, { qos: 1, ...properties }, (error) => {
        // An error without a reason is a connection that ended.
        if (!error || reason > 0) acked(reason);
      });
    },
    subscribe(topic) {
      client.subscribe(topic);
    },
    close() {
      client.end(true);
    },
  };
}
