import { listSchema, shared, type Operation, type Parameter } from './operation.js';

const switching = { 101: { description: 'The connection is a WebSocket from here on.' } };

export const openStream: Operation = {
  group: 'Live',
  summary: 'A device’s stream of readings (WebSocket)',
  description:
    'Each text frame is a batch, with an optional rising `seq`. The server speaks first: what it takes. It acknowledges ' +
    'frames in their order, several at once where nothing was rejected; an ack means durable. With too many frames ' +
    'unanswered it stops reading and drops nothing. Close codes: 1003 binary, 1009 too large, 1012 restart, 4400 protocol ' +
    'error, 4408 no pong.',
  answers: switching,
  refusals: ['forbidden', 'upgrade_required'],
  frames: { fromClient: shared('stream-frames', 'deviceFrame'), fromServer: shared('stream-frames', 'serverFrame') },
};

const filter: [name: string, description: string][] = [
  ['devices', 'Devices, comma-separated; names may have `*` in them.'],
  ['types', 'Types, likewise.'],
  ['fields', 'Fields, likewise. A reading shows only these.'],
];

export const openLive: Operation = {
  group: 'Live',
  summary: 'A dashboard’s live readings (WebSocket)',
  description:
    'Commands in, messages out, both as JSON text frames. With parameters in the URL a subscription is made at once, as ' +
    'the answer to command 0; a condition on a tag is `tag.site=lyon`. A connection that reads too slowly is closed with ' +
    '4413; 4400 is a protocol error, 4408 no pong, 1012 a restart.',
  parameters: [
    ...filter.map(([name, description]): Parameter => ({ name, in: 'query', description, schema: listSchema })),
    {
      name: 'snapshot',
      in: 'query',
      description: 'Whether the newest value of each field of each series comes first.',
      schema: { type: 'boolean', default: false },
    },
  ],
  answers: switching,
  refusals: ['invalid_parameter', 'invalid_filter', 'forbidden', 'upgrade_required'],
  frames: { fromClient: shared('live-frames', 'command'), fromServer: shared('live-frames', 'message') },
};
