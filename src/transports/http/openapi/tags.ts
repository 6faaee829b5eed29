import { shared, type Operation } from './operation.js';

export const listTags: Operation = {
  group: 'Inventory',
  summary: 'List the keys of tags',
  description: 'Of all series, in order: what history can be filtered and grouped by.',
  answers: { 200: { description: 'All of them.', schema: shared('answers', 'tagList') } },
};

export const getTagValues: Operation = {
  group: 'Inventory',
  summary: 'List the values of a tag',
  parameters: [
    { name: 'key', in: 'path', description: 'Its key.', schema: shared('reading', 'key'), example: 'site' },
    {
      name: 'limit',
      in: 'query',
      description: 'Values in the answer at most.',
      schema: { type: 'integer', minimum: 1, maximum: 10_000, default: 1000 },
    },
    { name: 'cursor', in: 'query', description: '`next` of the page before.', schema: { type: 'string' } },
  ],
  answers: { 200: { description: 'A page of values, in order.', schema: shared('answers', 'tagValues') } },
  refusals: ['invalid_parameter', 'invalid_cursor', 'not_found'],
};
