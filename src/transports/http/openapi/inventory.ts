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

export const deleteDevice: Operation = {
  group: 'Inventory',
  summary: 'Delete a device with all its readings',
  description:
    'For good: in the store, in quarantine (where they count as discarded) and in the inventory. Everything that was ' +
    'accepted before the request is deleted; what the device sends later is taken as from a new one. Cursors into the live ' +
    'feed may still give what the spool keeps. Waits until the store has what came before, up to 30 s. After `store_away` ' +
    'ask again; until then it may be deleted or not. InfluxDB 3 cannot delete readings: `store_unable`.',
  parameters: [device],
  answers: { 204: { description: 'It is gone.' } },
  refusals: ['not_found', 'store_away', 'store_unable'],
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
