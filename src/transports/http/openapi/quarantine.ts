import { shared, type Operation } from './operation.js';

export const listQuarantine: Operation = {
  group: 'Operation',
  summary: 'List quarantined readings',
  description:
    'Readings that were accepted and that the store refuses for good, with its reason. `format=ndjson`, or `Accept: ' +
    'application/x-ndjson`, exports all of them, an entry a line.',
  parameters: [
    {
      name: 'limit',
      in: 'query',
      description: 'Entries in the answer at most.',
      schema: { type: 'integer', minimum: 1, maximum: 10_000, default: 100 },
    },
    { name: 'cursor', in: 'query', description: '`next` of the page before.', schema: { type: 'string' } },
    { name: 'reason', in: 'query', description: 'Only entries with this reason.', schema: { type: 'string' } },
    { name: 'format', in: 'query', description: 'json or ndjson.', schema: { enum: ['json', 'ndjson'] } },
  ],
  answers: { 200: { description: 'A page of entries, by id.', schema: shared('quarantine', 'list') } },
  refusals: ['invalid_parameter', 'invalid_cursor'],
};

export const listQuarantineReasons: Operation = {
  group: 'Operation',
  summary: 'Count quarantined readings by reason',
  answers: { 200: { description: 'Most frequent first.', schema: shared('quarantine', 'reasonList') } },
};

export const replayQuarantine: Operation = {
  group: 'Operation',
  summary: 'Give quarantined readings to the store again',
  description: 'After the cause was mended. Answers when it is done; what the store refuses still stays in quarantine.',
  body: {
    description: 'Which ones; an empty body is all.',
    schema: shared('quarantine', 'replayRequest'),
    example: { ids: [41] },
    optional: true,
  },
  answers: { 200: { description: 'How many were taken.', schema: shared('quarantine', 'replayResult') } },
  refusals: ['malformed', 'too_large', 'unsupported_media_type', 'store_away'],
};

export const discardQuarantined: Operation = {
  group: 'Operation',
  summary: 'Delete a quarantined reading',
  description: 'For good; it counts as discarded from then on.',
  parameters: [
    { name: 'id', in: 'path', description: 'Of the entry.', schema: { type: 'integer', minimum: 0 }, example: 41 },
  ],
  answers: { 204: { description: 'It is gone.' } },
  refusals: ['not_found'],
};
