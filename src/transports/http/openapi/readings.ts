import { shared, type Operation } from './operation.js';

const exampleBatch = {
  device: 'boiler-7',
  type: 'machine',
  tags: { site: 'lyon' },
  readings: [{ fields: { temperature: 73.9, running: true } }],
};

const precision = {
  name: 'precision',
  in: 'query',
  description:
    'Unit of integer times, where neither the reading nor its envelope says it: `ms`, and in line protocol `ns`, if it is ' +
    'not given. SenML has seconds.',
  schema: shared('reading', 'precision'),
} as const;

const batchBody = {
  description:
    'A reading, an array of readings, or an envelope with what its readings share; SenML (RFC 8428) as JSON or CBOR; ' +
    'line protocol; or a reading a line, of any number.',
  schema: shared('batch'),
  example: exampleBatch,
  otherForms: {
    'application/x-ndjson': {
      schema: { type: 'string' },
      example: '{"device":"boiler-7","type":"machine","fields":{"temperature":73.9}}\n',
    },
    'application/senml+json': {
      schema: { type: 'array', items: { type: 'object' } },
      example: [{ bn: 'boiler-7:', n: 'temperature', u: 'Cel', v: 73.9 }],
    },
    'application/senml+cbor': { schema: { type: 'string', format: 'binary' } },
    'text/plain': {
      schema: { type: 'string' },
      example: 'machine,device=boiler-7,site=lyon temperature=73.9,running=true',
    },
  },
};

const senmlType = {
  name: 'type',
  in: 'query',
  description: 'SenML, which has no place for it: the type of the readings. `telemetry` where it is not said.',
  schema: shared('reading', 'type'),
} as const;

const batchRefusals = [
  'malformed',
  'empty_batch',
  'invalid_parameter',
  'too_large',
  'too_many_readings',
  'unsupported_media_type',
] as const;

export const postReadings: Operation = {
  group: 'Readings',
  summary: 'Send a batch of readings',
  description:
    'Answered when the accepted readings are on disk. A reading that is rejected does not hold up the others: the receipt ' +
    'says which, and why. Sending a reading again (same type, device, tags and ts) changes nothing but its newer fields. ' +
    'Content-Encoding may be gzip or deflate. NDJSON is taken in while it comes: the bounds of a body hold for each of its ' +
    'lines, what is durable when it breaks off stays, and a refusal says how much that is.',
  parameters: [
    precision,
    senmlType,
    {
      name: 'ack',
      in: 'query',
      description: '`store` waits until the store has the readings too, and the receipt then says `stored`.',
      schema: { enum: ['store'] },
    },
    {
      name: 'timeout',
      in: 'query',
      description: 'With `ack`: seconds to wait at most, 30 and more being 30.',
      schema: { type: 'number', minimum: 0, default: 5 },
    },
  ],
  body: batchBody,
  answers: {
    202: { description: 'All are accepted, and durable.', schema: shared('receipt') },
    200: { description: 'With `ack=store`: all are accepted, and the store has them.', schema: shared('receipt') },
    207: { description: 'Some are rejected; the others are accepted, and durable.', schema: shared('receipt') },
    422: { description: 'All are rejected.', schema: shared('receipt') },
  },
  refusals: [...batchRefusals, 'request_timeout', 'spool_full', 'spool_failed', 'stopping'],
};

export const checkBatch: Operation = {
  group: 'Readings',
  summary: 'Try a batch out',
  description:
    'Gives the receipt that the batch would get now, and keeps nothing of it. A reading that does not name its type is held ' +
    'to the one in the address.',
  parameters: [
    {
      name: 'type',
      in: 'path',
      description: 'A reading type that has a schema.',
      schema: shared('reading', 'type'),
      example: 'machine',
    },
    precision,
  ],
  body: batchBody,
  answers: { 200: { description: 'What would be accepted, and what not.', schema: shared('receipt') } },
  refusals: [...batchRefusals.filter((code) => code !== 'invalid_parameter'), 'not_found', 'request_timeout'],
};
