/** What all connections to the broker have in common: where it is, who we are there, and how its absence is borne. */
import type { IClientOptions, MqttClient } from 'mqtt';

const keepAliveSeconds = 30;
const reconnectMs = 500;
const connectWithinMs = 10_000;
/** CONNACK reasons of brokers that do not speak MQTT 5: 3.1.1's own code, and 5's. */
const unsupportedVersion = new Set([1, 132]);

/** @param url `mqtt://user:password@host:port` or `mqtts://…` */
export function brokerOptions(url: string): IClientOptions {
  const { protocol, hostname, port, username, password } = new URL(url);
  return {
    protocol: protocol === 'mqtts:' ? 'mqtts' : 'mqtt',
    host: hostname.replace(/^\[|\]$/g, ''),
    ...(port === '' ? {} : { port: Number(port) }),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    protocolVersion: 5,
    keepalive: keepAliveSeconds,
    reconnectPeriod: reconnectMs,
    reconnectOnConnackError: true,
    connectTimeout: connectWithinMs,
    // Subscriptions are made anew after each connect, and nothing is kept for a broker that is away.
    resubscribe: false,
    queueQoSZero: false,
  };
}

/** Speaks 3.1.1 from now on, where the broker has nothing newer. @returns whether that was the trouble */
export function goesBackToVersion4(client: MqttClient, { code }: { code?: unknown }): boolean {
  if (client.options.protocolVersion !== 5 || !unsupportedVersion.has(code as number)) return false;
  client.options.protocolVersion = 4;
  delete client.options.properties;
  delete client.options.will?.properties;
  return true;
}
