import { shared } from '../openapi/operation.js';
import type { Channel, Server, ServerName } from './channel.js';

export interface MqttAddresses {
  /** Of the broker that readings are taken from. */
  url?: string;
  /** Where devices may connect without a broker. */
  listen?: { host: string; port: number };
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
    description: 'A broker that Inlet takes readings from: what it acknowledges to devices is its own promise.',
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
