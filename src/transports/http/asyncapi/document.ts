/** The document at /asyncapi.json (AsyncAPI 3.0), made of what the channels say of themselves and of the shared schemas. */
import { Components, type SharedSchemas } from '../openapi/components.js';
import type { Schema } from '../openapi/operation.js';
import type { Channel, Direction, Server, ServerName } from './channel.js';

interface Reference {
  $ref: string;
}

export interface AsyncApiMessage {
  title: string;
  summary?: string;
  contentType?: string;
  payload: Reference;
  examples?: { payload: Schema | unknown[] }[];
}

/** The parts of AsyncAPI that are used here. */
export interface AsyncApiDocument {
  asyncapi: '3.0.0';
  info: { title: string; version: string; description: string };
  defaultContentType: string;
  servers: Partial<Record<ServerName, Server>>;
  channels: Record<string, AsyncApiChannel>;
  operations: Record<string, AsyncApiOperation>;
  components: { schemas: Record<string, Schema>; messages: Record<string, AsyncApiMessage> };
}

export interface AsyncApiChannel {
  address: string;
  title: string;
  description: string;
  servers: Reference[];
  parameters?: Channel['parameters'];
  messages: Record<string, Reference>;
  bindings?: Schema;
  'x-close-codes'?: Channel['closeCodes'];
}

export interface AsyncApiOperation {
  /** As Inlet sees it: what clients send, it receives. */
  action: 'send' | 'receive';
  channel: Reference;
  summary: string;
  messages: Reference[];
  'x-content-types'?: readonly string[];
}

const info = {
  title: 'Inlet',
  version: '1',
  description:
    'Readings of devices in over WebSocket and MQTT, durable once acknowledged; live feeds out. Frames and messages are ' +
    'JSON in UTF-8. What HTTP has is described at /openapi.json.',
};

export function asyncApiDocument(
  channels: readonly Channel[],
  servers: AsyncApiDocument['servers'],
  schemas: SharedSchemas,
): AsyncApiDocument {
  const components = new Components(schemas);
  const messages: Record<string, AsyncApiMessage> = {};
  const operations: AsyncApiDocument['operations'] = {};
  const described: AsyncApiDocument['channels'] = {};
  for (const channel of channels) {
    const { name, address, title, description, parameters, bindings, closeCodes } = channel;
    const own: AsyncApiChannel['messages'] = {};
    for (const [action, direction] of directionsOf(channel)) {
      const names = direction.messages.flatMap((schema) => addMessages(schema, components, messages));
      for (const one of names) own[one] = { $ref: `#/components/messages/${one}` };
      operations[`${action}${capital(name)}`] = {
        action,
        channel: { $ref: `#/channels/${name}` },
        summary: direction.summary,
        messages: names.map((one) => ({ $ref: `#/channels/${name}/messages/${one}` })),
        ...(direction.contentTypes ? { 'x-content-types': direction.contentTypes } : {}),
      };
    }
    described[name] = {
      address,
      title,
      description,
      servers: channel.servers.map((server) => ({ $ref: `#/servers/${server}` })),
      ...(parameters ? { parameters } : {}),
      messages: own,
      ...(bindings ? { bindings: components.resolve(bindings) } : {}),
      ...(closeCodes ? { 'x-close-codes': closeCodes } : {}),
    };
  }
  return {
    asyncapi: '3.0.0',
    info,
    defaultContentType: 'application/json',
    servers,
    channels: described,
    operations,
    components: { schemas: components.schemas, messages },
  };
}

function directionsOf({ fromClient, fromServer }: Channel): ['send' | 'receive', Direction][] {
  return [
    ...(fromClient ? [['receive', fromClient] as ['receive', Direction]] : []),
    ...(fromServer ? [['send', fromServer] as ['send', Direction]] : []),
  ];
}

/** @returns their names */
function addMessages(schema: Schema, components: Components, messages: Record<string, AsyncApiMessage>): string[] {
  const payload = components.resolve(schema) as unknown as Reference;
  const choices = titledChoices(payload, components);
  return choices.map((choice) => {
    const name = nameOf(choice);
    messages[name] = messageOf(name, choice, components);
    return name;
  });
}

/** A schema that is nothing but a choice between others that have names stands for these. */
function titledChoices(payload: Reference, components: Components): Reference[] {
  const choices = components.schemas[nameOf(payload)]?.['anyOf'] as Partial<Reference>[] | undefined;
  const areTitled = choices?.every(({ $ref }) => $ref !== undefined) ?? false;
  return areTitled ? (choices as Reference[]).flatMap((choice) => titledChoices(choice, components)) : [payload];
}

function messageOf(name: string, payload: Reference, components: Components): AsyncApiMessage {
  const { title, description, examples } = components.schemas[name]!;
  const contentType = name === 'Problem' ? 'application/problem+json' : undefined;
  return {
    title: title as string,
    ...(typeof description === 'string' ? { summary: description } : {}),
    ...(contentType === undefined ? {} : { contentType }),
    payload,
    ...(Array.isArray(examples) ? { examples: examples.map((example) => ({ payload: example as Schema })) } : {}),
  };
}

function nameOf({ $ref }: Reference): string {
  return $ref.slice($ref.lastIndexOf('/') + 1);
}

function capital(name: string): string {
  return name[0]!.toUpperCase() + name.slice(1);
}
