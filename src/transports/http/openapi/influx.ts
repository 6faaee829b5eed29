import { shared, type Answer, type Operation, type Parameter } from './operation.js';

const body = {
  description: 'Line protocol, whatever the Content-Type says; Content-Encoding may be gzip or deflate.',
  mediaType: 'text/plain',
  schema: { type: 'string' },
  example: 'machine,device=boiler-7,site=lyon temperature=73.9,running=true',
} as const;

const precision = (units: string[]): Parameter => ({
  name: 'precision',
  in: 'query',
  description: 'Unit of the times.',
  schema: { enum: units, default: 'ns' },
});

const ignored = (name: string): Parameter => ({
  name,
  in: 'query',
  description: 'Taken for the sake of clients, and not looked at.',
  schema: { type: 'string' },
});

const refused = (description: string): Answer => ({ description, schema: shared('answers', 'influxError') });

const writing: Pick<Operation, 'group' | 'description' | 'body' | 'answers'> = {
  group: 'InfluxDB',
  description:
    'The measurement is the type. The device is named by the first tag of `INLET_LINE_DEVICE_TAGS` that the line has. ' +
    'Other characters of measurements and keys become `_`; a reserved or doubled key gets `_` behind it. `5i` is an ' +
    'integer, `5` a float; a field keeps the kind that it has.',
  body,
  answers: {
    204: { description: 'All lines are accepted, and durable.' },
    400: refused('Lines were refused, and the message says which and why; the others are accepted, and durable.'),
    413: refused('The body is too large, or has too many lines.'),
    415: refused('The Content-Encoding is not supported.'),
    500: refused('Something went wrong on our side.'),
    503: {
      ...refused('There is no room for more readings now; nothing of the body is kept.'),
      headers: { 'Retry-After': 'Seconds to wait before trying again.' },
    },
  },
};

export const writeV2: Operation = {
  ...writing,
  summary: 'Write as to InfluxDB 2 and 3',
  parameters: [ignored('bucket'), ignored('org'), precision(['ns', 'us', 'ms', 's'])],
};

export const writeV1: Operation = {
  ...writing,
  summary: 'Write as to InfluxDB 1',
  parameters: [ignored('db'), ignored('rp'), precision(['ns', 'n', 'us', 'u', 'µ', 'ms', 's', 'm', 'h'])],
};

export const getPing: Operation = {
  group: 'InfluxDB',
  summary: 'Whether somebody is there',
  answers: { 204: { description: 'Yes.', headers: { 'X-Influxdb-Version': 'For clients that want one.' } } },
};

export const getInfluxHealth: Operation = {
  group: 'InfluxDB',
  summary: 'Whether writes are taken',
  answers: {
    200: { description: 'They are.', schema: shared('answers', 'influxHealth') },
    503: { description: 'They are not, and why.', schema: shared('answers', 'influxHealth') },
  },
};
