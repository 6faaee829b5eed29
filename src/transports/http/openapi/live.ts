import { listSchema, shared, type Operation, type Parameter } from './operation.js';
import { switching } from './stream.js';

const filter: [name: string, description: string][] = [
  ['devices', 'Devices, comma-separated; names may have `*` in them.'],
  ['types', 'Types, likewise.'],
  ['fields', 'Fields, likewise. A reading shows only these.'],
];

const booleanSchema = { type: 'boolean', default: false };

/** A subscription in a URL. */
const subscriptionParameters: Parameter[] = [
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
  {
    name: 'presence',
    in: 'query',
    description: 'Whether it is told which devices are online: first the state of each that matches, then each change.',
    schema: booleanSchema,
  },
];

export const openLive: Operation = {
  group: 'Live',
  summary: 'A dashboard’s live readings (WebSocket, or server-sent events)',
  description:
    'Commands in, messages out, both as JSON text frames. With parameters in the URL a subscription is made at once, as ' +
    'the answer to command 0; a condition on a tag is `tag.site=lyon`. Keep the last `cursor`: with it a later subscription ' +
    'gets everything that was accepted since, or a `gap` that says what may be missing. A slow reader gets the newest values ' +
    'of each series with a count of what was merged away, then a gap; one that reads nothing for 30 s is closed with ' +
    '4413. 4400 is a protocol error, 4408 no pong, 1012 a restart.',
  parameters: subscriptionParameters,
  answers: {
    ...switching,
    200: {
      description:
        'With `Accept: text/event-stream` and no upgrade: server-sent events, for one subscription. `event` is `subscribed`, ' +
        '`snapshot`, `history`, `readings`, `gap` or `presence`, and `data` the message as the WebSocket has it. `id` is the cursor, on events ' +
        'that are a place to go on from; a browser that was cut off sends the last one back as `Last-Event-ID`, which wins ' +
        'over `cursor`, `since` and `snapshot`. One that is no cursor brings a gap, `unknown_cursor`. A comment comes every 15 s.',
      schema: { type: 'string' },
      mediaType: 'text/event-stream',
      headers: { 'X-Accel-Buffering': '`no`: nginx is not to hold events back.' },
    },
  },
  refusals: ['invalid_parameter', 'invalid_filter', 'invalid_cursor', 'forbidden', 'upgrade_required'],
  frames: { fromClient: shared('live-frames', 'command'), fromServer: shared('live-frames', 'message') },
};

export const pollLive: Operation = {
  group: 'Live',
  summary: 'Live readings for those who can only ask (long polling)',
  description:
    'With the `cursor` of the answer before: the next readings that match, at once when there are any, else as soon as one is ' +
    'accepted, or none after `wait` seconds. A `gap` says what may be missing. Ask again with the new `cursor` each time. Without ' +
    'one, the answer is where the feed is now; `snapshot` and `since` put what they bring before it. With ' +
    '`presence=true` it begins with states of devices: with the cursor of such an answer of those that changed since, and then at ' +
    'once when there are any, else as soon as one does; with another cursor or none of all. Lists are comma-separated; a ' +
    'condition on a tag is `tag.site=lyon`.',
  parameters: [
    ...subscriptionParameters,
    {
      name: 'wait',
      in: 'query',
      description: 'Seconds to wait for a reading.',
      schema: { type: 'number', minimum: 0, maximum: 60, default: 20 },
    },
  ],
  answers: {
    200: {
      description: 'What came, and where to go on from.',
      schema: shared('live-frames', 'pollAnswer'),
      headers: { 'Cache-Control': '`no-store`.' },
    },
  },
  refusals: ['invalid_parameter', 'invalid_filter', 'invalid_cursor', 'forbidden'],
};
