/**
 * How a channel describes itself: an address that frames or messages go through in either direction. /asyncapi.json is
 * made of these and of the shared schemas; the frames of a WebSocket are those that its schema lists.
 */
import type { Schema } from '../openapi/operation.js';

/** Where a channel is. Names are of the document. */
export type ServerName = 'websocket' | 'mqttListener' | 'mqttBroker';

export interface Server {
  host: string;
  protocol: 'ws' | 'wss' | 'mqtt' | 'mqtts';
  protocolVersion?: string;
  description: string;
}

export interface Direction {
  /** A line for a list. */
  summary: string;
  /** A shared schema; one that is a choice between titled schemas makes a message of each. */
  messages: readonly Schema[];
  /** Where it is not JSON. */
  contentTypes?: readonly string[];
}

export interface Channel {
  name: string;
  /** The path of a WebSocket, or a topic. Parameters in braces. */
  address: string;
  title: string;
  description: string;
  servers: readonly ServerName[];
  parameters?: Readonly<Record<string, { description: string; examples?: string[] }>>;
  /** What clients send. */
  fromClient?: Direction;
  /** What Inlet sends. */
  fromServer?: Direction;
  bindings?: Schema;
  /** Why the server ends a connection, by close code. */
  closeCodes?: Readonly<Record<number, string>>;
}
