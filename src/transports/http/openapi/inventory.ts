import { shared, type Operation, type Parameter } from './operation.js';

const device: Parameter = {
  name: 'device',
  in: 'path',
  description: 'Its name.',
  schema: shared('reading', 'device'),
  example: 'boiler-7',
};

export const listDevices: Operation = {
  group: 'Inventory',
  summary: 'List devices',
  parameters: [
    { name: 'prefix', in: 'query', description: 'Only names that begin so.', schema: { type: 'string' } },
    {
      name: 'limit',
      in: 'query',
      description: 'Devices in the answer at most.',
      schema: { type: 'integer', minimum: 1, maximum: 10_000, default: 1000 },
    },
    { name: 'cursor', in: 'query', description: '`next` of the page before.', schema: { type: 'string' } },
  ],
  answers: { 200: { description: 'A page of devices, by name.', schema: shared('answers', 'deviceList') } },
  refusals: ['invalid_parameter', 'invalid_cursor'],
};

export const getDevice: Operation = {
  group: 'Inventory',
  summary: 'What is known of a device',
  parameters: [device],
  answers: { 200: { description: 'Its types, fields and tags.', schema: shared('answers', 'deviceDetail') } },
  refusals: ['not_found'],
};

export const getLatest: Operation = {
  group: 'Inventory',
  summary: 'The newest values of a device',
  description: 'Newest by the time of the observation, field by field; from memory, without a question to the store.',
  parameters: [device],
  answers: { 200: { description: 'A series for each type and tags.', schema: shared('answers', 'deviceLatest') } },
  refusals: ['not_found'],
};

export const listSchemas: Operation = {
  group: 'Inventory',
  summary: 'List the reading types that have a schema',
  answers: { 200: { description: 'All of them.', schema: shared('answers', 'schemaList') } },
};

export const getSchema: Operation = {
  group: 'Inventory',
  summary: 'The schema of a reading type',
  parameters: [
    {
      name: 'type',
      in: 'path',
      description: 'Its name.',
      schema: shared('reading', 'type'),
      example: 'machine',
    },
  ],
  answers: {
    200: {
      description: 'JSON Schema 2020-12 of a reading; the keyword `unit` names the unit of a field.',
      schema: { type: 'object' },
    },
  },
  refusals: ['not_found'],
};
