import type { Parameter, Schema } from '../openapi/operation.js';
import { openLive } from '../openapi/live.js';
import { openStream } from '../openapi/stream.js';
import type { Channel } from './channel.js';

/** Both sockets. A client comes back after 1001, 1006, 1012, 4401 (with new credentials), 4408, 4413 and 4429 only. */
const closeCodes = {
  1000: 'Done.',
  1002: 'A frame that RFC 6455 does not know.',
  1003: 'A binary frame, which was not agreed.',
  1007: 'A text frame that is not UTF-8.',
  1008: 'A frame in too many pieces.',
  1009: 'A frame that is larger than `maxFrameBytes`.',
  1012:
    'The service restarts. The reason is such as `restart; retry-after-ms=1250`: come back after that time, which is ' +
    'another for each connection.',
  4400: 'A protocol error: a `seq` that does not rise, or ten malformed frames in a row.',
  4408: 'Nothing has come since the ping before the last.',
};

function handshake(parameters: readonly Parameter[] = []): Schema {
  const query = Object.fromEntries(
    parameters.map(({ name, description, schema }) => [name, { ...schema, description }]),
  );
  return {
    ws: {
      method: 'GET',
      ...(parameters.length > 0 ? { query: { type: 'object', properties: query } } : {}),
      headers: {
        type: 'object',
        properties: {
          'Sec-WebSocket-Protocol': {
            type: 'string',
            description:
              'May offer `inlet.v1`, or `inlet.v1.senml+cbor` to stream SenML in binary frames; it is agreed on then.',
          },
        },
      },
      bindingVersion: '0.1.0',
    },
  };
}

export const streamChannel: Channel = {
  name: 'stream',
  address: '/v1/stream',
  title: openStream.summary,
  description: openStream.description ?? '',
  servers: ['websocket'],
  fromClient: { summary: 'Batches of readings', messages: [openStream.frames!.fromClient] },
  fromServer: {
    summary: 'What the server takes, and what became of the frames',
    messages: [openStream.frames!.fromServer],
  },
  bindings: handshake(openStream.parameters),
  closeCodes,
};

export const liveChannel: Channel = {
  name: 'live',
  address: '/v1/live',
  title: openLive.summary,
  description: openLive.description ?? '',
  servers: ['websocket'],
  fromClient: { summary: 'Commands', messages: [openLive.frames!.fromClient] },
  fromServer: { summary: 'Answers to commands, and what subscriptions bring', messages: [openLive.frames!.fromServer] },
  bindings: handshake(openLive.parameters),
  closeCodes: { ...closeCodes, 4413: 'It reads nothing, or too slowly.' },
};
