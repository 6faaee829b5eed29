import { shared } from '../openapi/operation.js';
import type { Channel, Server, ServerName } from './channel.js';

export interface MqttAddresses {
  /** Of the broker that readings are taken from. */
  url?: string;
  /** Where devices may connect without a broker. */
  listen?: { host: string; port: number };
  /** Whether each reading is published at the broker for other programs. */
  republish?: boolean;
}

export function mqttServers({ url, listen }: MqttAddresses): Partial<Record<ServerName, Server>> {
  return {
    ...(listen ? { mqttListener: listener(listen) } : {}),
    ...(url === undefined ? {} : { mqttBroker: broker(new URL(url)) }),
  };
}

function listener({ host, port }: { host: string; port: number }): Server {
  return {
    host: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    protocol: 'mqtt',
    protocolVersion: '3.1.1',
    description: 'Inlet itself: a PUBACK means that the readings are durable.',
  };
}

/** Without the credentials that may be in its address. */
function broker({ host, protocol }: URL): Server {
  return {
    host,
    protocol: protocol === 'mqtts:' ? 'mqtts' : 'mqtt',
    description:
      'A broker that Inlet takes readings from, and that instances share live readings by. What it acknowledges to devices is ' +
      'its own promise.',
  };
}

const parameters = { device: { description: 'Name of the device.', examples: ['boiler-7'] } };
const bindings = { mqtt: { bindingVersion: '0.2.0' } };

/** @param mediaTypes of batches */
export function mqttChannels(servers: readonly ServerName[], mediaTypes: readonly string[]): Channel[] {
  return [
    {
      name: 'mqttReadings',
      address: 'inlet/v1/readings/{device}',
      title: 'A device’s readings (MQTT)',
      description:
        'A batch in each message, with QoS 0 or 1: JSON, or at a broker what the content type of MQTT 5 says. A reading of ' +
        'another device than the topic’s is rejected, `forbidden`.',
      servers,
      parameters,
      fromClient: { summary: 'Batches of readings', messages: [shared('batch')], contentTypes: mediaTypes },
      bindings,
    },
    {
      name: 'mqttReceipts',
      address: 'inlet/v1/receipts/{device}',
      title: 'What became of a device’s readings (MQTT)',
      description:
        'A receipt of each message that had rejections, or a problem where all of it was refused. One that names a response ' +
        'topic (MQTT 5) gets its receipt there instead, always, with its correlation data.',
      servers,
      parameters,
      fromServer: { summary: 'Receipts and problems', messages: [shared('receipt'), shared('problem')] },
      bindings,
    },
  ];
}

/** What instances of Inlet, and other programs, have at the broker. */
export function brokerChannels({ url, republish }: MqttAddresses): Channel[] {
  if (url === undefined) return [];
  const bus: Channel = {
    name: 'mqttBus',
    address: 'inlet/v1/bus/{instance}',
    title: 'What an instance accepts, for the others (MQTT)',
    description:
      'Of instances of Inlet, for each other. A message is a line of JSON, such as {"from":1200,"count":2}, and behind it ' +
      'the lines of so many readings (InfluxDB line protocol, nanoseconds), the first at the position `from`: a `from` that is ' +
      'not where the message before ended says that something is missing. Below it, `/status` has retained JSON of how far the ' +
      'instance is (`state`, `at`, `head`, `tail`, `low`), and `/fetch` and `/answer` are questions of the others for what ' +
      'they have missed, and what they are answered. QoS 0.',
    servers: ['mqttBroker'],
    parameters: { instance: { description: 'Name of the instance, 8 hexadecimal digits.', examples: ['0a1b2c3d'] } },
    bindings,
  };
  const live: Channel = {
    name: 'mqttLive',
    address: 'inlet/v1/live/{device}/{type}',
    title: 'Each reading as it is accepted, for other programs (MQTT)',
    description:
      'QoS 0, as in the live feed, and not for what has to be whole: readings that the broker is too slow for are left out.',
    servers: ['mqttBroker'],
    parameters: { ...parameters, type: { description: 'Type of the reading.', examples: ['machine'] } },
    fromServer: { summary: 'Readings', messages: [shared('live-frames', 'reading')] },
    bindings,
  };
  return republish ? [bus, live] : [bus];
}
