import { listSchema, shared, type Operation, type Parameter } from './operation.js';

const switching = { 101: { description: 'The connection is a WebSocket from here on.' } };

export const openStream: Operation = {
  group: 'Live',
  summary: 'A device’s stream of readings (WebSocket)',
  description:
    'Each text frame is a batch, with an optional rising `seq`. Where the subprotocol `inlet.v1.senml+cbor` is agreed, a ' +
    'binary frame is a SenML pack, whose first record may have the label `seq`. The server speaks first: what it takes. It acknowledges ' +
    'frames in their order, several at once where nothing was rejected; an ack means durable. With too many frames ' +
    'unanswered it stops reading and drops nothing. Close codes: 1003 binary without that, 1009 too large, 1012 restart, 4400 protocol ' +
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

const booleanSchema = { type: 'boolean', default: false };

/** A subscription in a URL. */
export const subscriptionParameters: Parameter[] = [
  ...filter.map(([name, description]): Parameter => ({ name, in: 'query', description, schema: listSchema })),
  {
    name: 'snapshot',
    in: 'query',
    description: 'Whether the newest value of each field of each series comes first.',
    schema: booleanSchema,
  },
  {
    name: 'since',
    in: 'query',
    description:
      'Every matching reading since then comes first: RFC 3339, integer milliseconds, or back from now, as `-15m`.',
    schema: { type: 'string' },
  },
  {
    name: 'maxPoints',
    in: 'query',
    description: 'Readings of each series in that history at most, the extremes among them.',
    schema: { type: 'integer', minimum: 1, maximum: 100_000 },
  },
  {
    name: 'cursor',
    in: 'query',
    description: 'Where to go on from; not together with `since` or `snapshot`.',
    schema: { type: 'string' },
  },
  {
    name: 'mode',
    in: 'query',
    description: '`latest`: the newest values of each series only, when there is more than this reader takes.',
    schema: { enum: ['all', 'latest'], default: 'all' },
  },
  {
    name: 'maxRateHz',
    in: 'query',
    description: 'Pushes per second at most, with the newest values of each series.',
    schema: { type: 'number', exclusiveMinimum: 0, maximum: 1000 },
  },
  {
    name: 'onChange',
    in: 'query',
    description: 'Whether fields that did not change are left out.',
    schema: booleanSchema,
  },
];

export const openLive: Operation = {
  group: 'Live',
  summary: 'A dashboard’s live readings (WebSocket)',
  description:
    'Commands in, messages out, both as JSON text frames. With parameters in the URL a subscription is made at once, as ' +
    'the answer to command 0; a condition on a tag is `tag.site=lyon`. Keep the last `cursor`: with it a later subscription ' +
    'gets everything that was accepted since, or a `gap` that says what may be missing. A slow reader gets the newest values ' +
    'of each series with a count of what was merged away, then a gap; one that reads nothing for 30 s is closed with ' +
    '4413. 4400 is a protocol error, 4408 no pong, 1012 a restart.',
  parameters: subscriptionParameters,
  answers: switching,
  refusals: ['invalid_parameter', 'invalid_filter', 'invalid_cursor', 'forbidden', 'upgrade_required'],
  frames: { fromClient: shared('live-frames', 'command'), fromServer: shared('live-frames', 'message') },
};
